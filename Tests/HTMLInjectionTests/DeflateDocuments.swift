import CZlib

/// A random document with its insertion point, and a random way to compress it. They are made to be hard on an
/// insertion into the compressed stream: long prologues, repeated afterwards; runs across the insertion point; blocks
/// of all types; parts that do not compress.
struct DeflateDocument {
    var prologue: [UInt8]
    var rest: [UInt8]
    var settings: Gzip.Settings

    var bytes: [UInt8] { prologue + rest }

    func expected(_ tag: [UInt8]) -> [UInt8] { prologue + tag + rest }

    init(_ random: inout SplitMix) {
        let words = (0..<(pick([5, 50, 300], &random))).map { _ in
            (0..<Int.random(in: 2...9, using: &random)).map { _ in UInt8.random(in: 97...122, using: &random) }
        }
        prologue = Self.prologue(words, &random)
        rest = Self.rest(after: prologue, words, &random)
        settings = Gzip.Settings(
            level: Int32.random(in: 0...9, using: &random),
            strategy: pick([Z_DEFAULT_STRATEGY, 0, 0, 0, Z_FILTERED, Z_HUFFMAN_ONLY, Z_RLE, Z_FIXED], &random),
            window: pick([9, 10, 12, 15, 15, 15], &random), memory: Int32.random(in: 1...9, using: &random))
        if Bool.random(using: &random) {
            let modes = [Z_NO_FLUSH, Z_SYNC_FLUSH, Z_FULL_FLUSH, Z_PARTIAL_FLUSH, Z_BLOCK]
            settings.flushes = (0..<3).map { _ in pick(modes, &random) }
            settings.flushEvery = pick([100, 1000, 10000], &random)
        }
    }

    private static func prologue(_ words: [[UInt8]], _ random: inout SplitMix) -> [UInt8] {
        var out = Array(pick(["", "<!DOCTYPE html>", "<!doctype html>\n<html lang=en>\n"], &random).utf8)
        let comment = pick([0, 0, 0, 10, 100, 1000, 10000, 32000, 33000, 60000], &random)
        if comment > 0 {
            out += Array("<!--".utf8)
            out += text(comment, words, &random).map { [45, 62].contains($0) ? 95 : $0 }
            out += Array("-->".utf8)
        }
        if Bool.random(using: &random) {
            out += [UInt8](repeating: 32, count: Int.random(in: 0...1500, using: &random))
        }
        let attribute = " data-x='\(String(repeating: "y", count: 300))'"
        return out + Array(pick(["<html><head>", "<head>", "<html><head\(attribute)>"], &random).utf8)
    }

    private static func rest(
        after prologue: [UInt8], _ words: [[UInt8]], _ random: inout SplitMix
    ) -> [UInt8] {
        let count = pick([0, 1, 2, 5, 50, 500, 5000, 30000, 60000], &random)
        var out: [UInt8] = []
        switch Int.random(in: 0..<5, using: &random) {
        case 0:  // the bytes before the insertion point once more, as a run over it
            let tail = Array(prologue.suffix(Int.random(in: 1...20, using: &random)))
            while out.count < count { out += tail }
        case 1:  // parts of the prologue
            while out.count < count {
                let start = Int.random(in: prologue.indices, using: &random)
                out += prologue[start...].prefix(Int.random(in: 3...260, using: &random))
                if Bool.random(using: &random) { out.append(UInt8.random(in: 0...255, using: &random)) }
            }
        case 2:  // incompressible, then parts of the prologue
            out = (0..<count / 2).map { _ in UInt8.random(in: 0...255, using: &random) }
            out += prologue.suffix(3000)
        default: out = text(count, words, &random)
        }
        return Array(out.prefix(count))
    }

    private static func text(_ count: Int, _ words: [[UInt8]], _ random: inout SplitMix) -> [UInt8] {
        var out: [UInt8] = []
        while out.count < count {
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<6: out += pick(words, &random) + [32]
            case 6: out += Array("<div class=x>".utf8)
            case 7 where !out.isEmpty:
                let start = Int.random(in: out.indices, using: &random)
                out += out[start...].prefix(Int.random(in: 3...300, using: &random))
            case 8:
                let byte = UInt8.random(in: 33...126, using: &random)
                out += [UInt8](repeating: byte, count: pick([1, 3, 10, 300], &random))
            default: out += [UInt8](repeating: 10, count: Int.random(in: 1...4, using: &random))
            }
        }
        return Array(out.prefix(count))
    }
}

/// One of some choices.
func pick<Choice>(_ choices: [Choice], _ random: inout SplitMix) -> Choice {
    choices[Int.random(in: choices.indices, using: &random)]
}

/// Bytes cut at random places; sometimes all of them, sometimes none.
func cut(_ bytes: [UInt8], _ random: inout SplitMix) -> [[UInt8]] {
    let most = pick([1, 5, 50, 1000, 16384, Int.max], &random)
    if most == Int.max { return [bytes] }
    if most == 1, bytes.count > 5000 { return cut(bytes, &random) }
    var pieces: [[UInt8]] = []
    var start = 0
    while start < bytes.count {
        let end = min(start + Int.random(in: 1...most, using: &random), bytes.count)
        pieces.append(Array(bytes[start..<end]))
        start = end
    }
    return pieces
}
