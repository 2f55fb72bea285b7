/// Finds the domain that a request is for. Immutable; made anew for a new configuration.
///
/// An exact name wins over a wildcard. A wildcard stands for exactly one label, as in a certificate (RFC 9525 §6.3),
/// so at most one wildcard can match a name. A lookup costs the length of the name, does not depend on the number of
/// domains, and allocates nothing.
public struct HostRouter: Sendable {
    /// The domain that was found.
    public struct Route: Sendable, Equatable {
        /// Index into the groups that the router was made from.
        public let group: Int
        /// Index into ``Group/domains`` of that group.
        public let domain: Int
        /// Whether a wildcard matched, so that the host name itself has to be taken from the request
        /// (see ``HostRouter/canonicalHost(_:)``); else it is the name of the domain's pattern.
        public let isWildcard: Bool
    }

    private let exact: NameTable
    private let wildcards: NameTable

    /// Creates a router; of domains with equal patterns, which a file cannot have, the first counts.
    public init(_ groups: [Group]) {
        var exact: [(String, Route)] = []
        var wildcards: [(String, Route)] = []
        for (group, domains) in groups.lazy.map(\.domains).enumerated() {
            for (index, domain) in domains.enumerated() {
                let route = Route(group: group, domain: index, isWildcard: domain.pattern.isWildcard)
                if route.isWildcard {
                    wildcards.append((domain.pattern.name, route))
                } else {
                    exact.append((domain.pattern.name, route))
                }
            }
        }
        self.exact = NameTable(exact)
        self.wildcards = NameTable(wildcards)
    }

    /// The domain for the value of a `Host` field (RFC 9110 §7.2), or nil if there is none: the answer is then 421.
    ///
    /// Letters match in either case; a port and the final dot of a fully qualified name are ignored. Any bytes may be
    /// passed.
    public func route(_ host: UnsafeRawBufferPointer) -> Route? {
        guard let name = HostRouter.name(in: host) else { return nil }
        if let route = exact.find(name) { return route }
        guard let dot = name.firstIndex(of: UInt8(ascii: ".")), HostRouter.isLabel(name[..<dot]) else { return nil }
        return wildcards.find(name[(dot + 1)...])
    }

    /// As ``route(_:)-(UnsafeRawBufferPointer)``, for text.
    public func route(_ host: String) -> Route? {
        var host = host
        return host.withUTF8 { route(UnsafeRawBufferPointer($0)) }
    }

    /// The name in the value of a `Host` field as ``HostPattern`` has it: lower case, without port and final dot. Nil
    /// if there is none, or if it is not ASCII.
    public static func canonicalHost(_ host: UnsafeRawBufferPointer) -> String? {
        guard let name = name(in: host), name.allSatisfy({ $0 < 0x80 }) else { return nil }
        return String(decoding: name.lazy.map(lowered), as: UTF8.self)
    }

    /// Whether the value of a `Host` field names `name`, which is in lower case and without final dot: a port, a final
    /// dot and the case of letters do not matter.
    public static func names(_ host: UnsafeRawBufferPointer, _ name: String) -> Bool {
        // As nearly everybody writes it on the usual port.
        if host.count == name.utf8.count, host.elementsEqual(name.utf8) { return true }
        guard let own = HostRouter.name(in: host), own.count == name.utf8.count else { return false }
        return zip(own, name.utf8).allSatisfy { lowered($0) == $1 }
    }

    /// The part of `host` without port and final dot; nil for an IPv6 address, a malformed port and an impossible
    /// length.
    private static func name(in host: UnsafeRawBufferPointer) -> Slice<UnsafeRawBufferPointer>? {
        var name = host[...]
        if let colon = name.firstIndex(of: UInt8(ascii: ":")) {
            let port = name[(colon + 1)...]
            guard port.count <= 5, port.allSatisfy(Names.isDigit) else { return nil }
            name = name[..<colon]
        }
        if name.last == UInt8(ascii: ".") { name.removeLast() }
        return (1...253).contains(name.count) ? name : nil
    }

    private static func isLabel(_ bytes: Slice<UnsafeRawBufferPointer>) -> Bool {
        (1...63).contains(bytes.count)
            && bytes.allSatisfy { Names.isAlphanumeric($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }
    }

    fileprivate static func lowered(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }
}

/// A hash table with open addressing over names in one array: a lookup touches raw bytes only.
private struct NameTable: Sendable {
    private struct Slot {
        var range: Range<Int>
        var route: HostRouter.Route
    }

    private var names: [UInt8] = []
    /// A power of two, at most half full, so that every search ends at an empty slot.
    private var slots: [Slot?]

    init(_ entries: [(name: String, route: HostRouter.Route)]) {
        var capacity = 2
        while capacity < entries.count * 2 { capacity *= 2 }
        slots = Array(repeating: nil, count: capacity)
        for entry in entries {
            let bytes = Array(entry.name.utf8)
            let (index, isTaken) = bytes.withUnsafeBytes { search($0[...]) }
            guard !isTaken else { continue }
            slots[index] = Slot(range: names.count..<(names.count + bytes.count), route: entry.route)
            names += bytes.map(HostRouter.lowered)
        }
    }

    func find(_ name: Slice<UnsafeRawBufferPointer>) -> HostRouter.Route? {
        slots[search(name).index]?.route
    }

    /// The slot that holds `name`, or the empty one where it belongs.
    private func search(_ name: Slice<UnsafeRawBufferPointer>) -> (index: Int, isTaken: Bool) {
        // FNV-1a. Who sends requests cannot add names, so no collision can be provoked that makes a search longer than
        // the configuration has made it.
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in name { hash = (hash ^ UInt64(HostRouter.lowered(byte))) &* 0x100_0000_01b3 }
        let mask = slots.count - 1
        var index = Int(truncatingIfNeeded: hash ^ (hash >> 32)) & mask
        while let slot = slots[index] {
            if matches(slot.range, name) { return (index, true) }
            index = (index + 1) & mask
        }
        return (index, false)
    }

    private func matches(_ range: Range<Int>, _ name: Slice<UnsafeRawBufferPointer>) -> Bool {
        guard range.count == name.count else { return false }
        return names.withUnsafeBufferPointer { names in
            zip(range, name).allSatisfy { names[$0] == HostRouter.lowered($1) }
        }
    }
}
