/// Finds what somebody meant to write.
enum DidYouMean {
    /// The word nearest to `word`, if it is near enough to be what was meant.
    static func suggestion(for word: String, among words: some Collection<String>) -> String? {
        let limit = max(1, word.count / 3)
        // A word this long is no slip of the finger, and the distance costs the product of the lengths.
        guard word.count <= 64 else { return nil }
        let scored = words.map { (word: $0, distance: distance(Array(word.lowercased()), Array($0.lowercased()))) }
        let best = scored.min { ($0.distance, $0.word) < ($1.distance, $1.word) }
        guard let best, best.distance <= limit else { return nil }
        return best.word
    }

    /// The optimal string alignment distance: insertions, deletions, substitutions and swaps of neighbours.
    static func distance(_ a: [Character], _ b: [Character]) -> Int {
        var beforeLast: [Int] = []
        var last = Array(0...b.count)
        for (i, x) in a.enumerated() {
            var row = [i + 1]
            for (j, y) in b.enumerated() {
                var cost = min(last[j] + (x == y ? 0 : 1), last[j + 1] + 1, row[j] + 1)
                if i > 0, j > 0, x == b[j - 1], a[i - 1] == y { cost = min(cost, beforeLast[j - 1] + 1) }
                row.append(cost)
            }
            beforeLast = last
            last = row
        }
        return last[b.count]
    }
}
