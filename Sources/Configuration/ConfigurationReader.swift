/// Reads the configuration file: every section but the groups.
struct ConfigurationReader {
    let file: String
    let session: LoadSession

    /// Reads the document; what is wrong is reported and keeps its default.
    func read(_ document: TOMLDocument) -> Configuration {
        var root = TableReader(root: document, file: file, session: session)
        var configuration = Configuration(
            store: .init(kind: .sqlite(path: FilePath.resolve("tombolo.sqlite", beside: file))),
            keys: .init(file: FilePath.resolve("tombolo.keys", beside: file)))
        ListenReader(file: file).read(root.table("listen"), root.table("tls"), into: &configuration)
        InternalReader(file: file).read(root.table("internal"), into: &configuration)
        readStore(root.table("store"), &configuration.store)
        readKeys(root.table("keys"), &configuration.keys)
        readLimits(root.table("limits"), &configuration.limits)
        readTimeouts(root.table("timeouts"), &configuration.timeouts)
        readLog(root.table("log"), &configuration.log)
        let groupReader = GroupReader(file: file, session: session)
        let remedy = ["write [[group]] on a line of its own, and the keys of the group under it"]
        if let tables = root.tables("group", single: false, remedy: remedy) {
            configuration.groups = groupReader.read(tables)
        } else {
            _ = groupReader.read([root.emptyTable("group")], isAbsent: true)
            root.report(root.position, "there is no [[group]]: expected at least one", remedy)
        }
        root.finish()
        return configuration
    }

    private enum StoreKind: String, CaseIterable { case sqlite, memory }

    private func readStore(_ table: TableReader, _ store: inout Configuration.Store) {
        var table = table
        let kind = table.read("kind", .choice(unavailable: ["postgres", "redis", "cookie"]) as ValueFormat<StoreKind>)
        let path = table.read("path", .path)
        let records = table.read("max_records", .integer(1...100_000_000))
        table.read("durability", .choice(), into: &store.durability)
        // A kind with a mistake says nothing about which of the other keys belong to it.
        let isUnknown = table.has("kind") && kind == nil
        if kind?.value == .memory {
            store.kind = .memory(maxRecords: records?.value ?? Configuration.Store.defaultMaxRecords)
            refuseMisplaced(["path", "durability"], of: "memory", table)
        } else if !isUnknown {
            if let path { store.kind = .sqlite(path: FilePath.resolve(path.value, beside: file)) }
            refuseMisplaced(["max_records"], of: "sqlite", table)
        }
        table.refuse("mirrors", "remove the key: this version writes to one store")
        table.finish()
    }

    private func refuseMisplaced(_ keys: [String], of kind: String, _ table: TableReader) {
        for key in keys {
            guard let position = table.position(of: key) else { continue }
            table.report(position, "store.\(key) means nothing to a store of kind \"\(kind)\"", ["remove the key"])
        }
    }

    private func readKeys(_ table: TableReader, _ keys: inout Configuration.Keys) {
        var table = table
        if let path = table.read("file", .path) { keys.file = FilePath.resolve(path.value, beside: file) }
        table.finish()
    }

    private func readLimits(_ table: TableReader, _ limits: inout Configuration.Limits) {
        var table = table
        table.read("head", .size(1024...(1 << 20)), into: &limits.headBytes)
        table.read("fields", .integer(10...1000), into: &limits.fields)
        let line = table.read("line", .size(256...(1 << 20)), into: &limits.lineBytes)
        table.read("body", .size(1...(1 << 40), orNone: true), into: &limits.bodyBytes)
        table.read("request_rate", .size(1...(1 << 30), orNone: true), into: &limits.requestRate)
        table.read("response_rate", .size(1...(1 << 30), orNone: true), into: &limits.responseRate)
        table.read("connections", .integer(1...1_000_000), into: &limits.connections)
        table.read("connections_per_address", .integer(0...1_000_000), into: &limits.connectionsPerAddress)
        table.read("upstream_connections", .integer(1...1_000_000), into: &limits.upstreamConnections)
        table.read("pending", .integer(0...1_000_000), into: &limits.pending)
        if line == nil { limits.lineBytes = min(limits.lineBytes, limits.headBytes) }
        if let line, limits.lineBytes > limits.headBytes {
            table.report(
                line, "limits.line is larger than limits.head",
                ["a line is a part of the head: make head at least \"\(SizeText.format(Int64(limits.lineBytes)))\""])
        }
        table.finish()
    }

    private func readTimeouts(_ table: TableReader, _ timeouts: inout Configuration.Timeouts) {
        var table = table
        let range: ClosedRange<Int64> = 1...86_400_000
        table.read("head", .milliseconds(range), into: &timeouts.head)
        table.read("idle", .milliseconds(range), into: &timeouts.idle)
        table.read("stall", .milliseconds(range), into: &timeouts.stall)
        table.read("tunnel", .milliseconds(range), into: &timeouts.tunnel)
        table.read("pending", .milliseconds(range), into: &timeouts.pending)
        table.read("upstream_connect", .milliseconds(range), into: &timeouts.upstreamConnect)
        table.read("upstream_response", .milliseconds(range), into: &timeouts.upstreamResponse)
        table.read("upstream_idle", .milliseconds(range), into: &timeouts.upstreamIdle)
        table.read("upstream_keepalive", .milliseconds(0...86_400_000), into: &timeouts.upstreamKeepAlive)
        table.read("upstream_lifetime", .milliseconds(range), into: &timeouts.upstreamLifetime)
        table.read("drain", .milliseconds(0...86_400_000), into: &timeouts.drain)
        table.finish()
    }

    private func readLog(_ table: TableReader, _ log: inout Configuration.Log) {
        var table = table
        table.read("level", .choice(), into: &log.level)
        table.read("format", .choice(), into: &log.format)
        if let paths = table.readPathPatterns("access") { log.access.paths = paths }
        table.read("access_format", .choice(), into: &log.access.format)
        if let path = table.read("access_path", .text("\"stdout\" or the path of a file")), path.value != "stdout" {
            log.access.destination = .file(FilePath.resolve(path.value, beside: file))
        }
        table.finish()
    }
}
