/// Reads `[internal]`: the listener that strangers must not reach.
struct InternalReader {
    let file: String

    func read(_ table: TableReader, into configuration: inout Configuration) {
        var table = table
        let format = ValueFormat.text("an address like \"127.0.0.1:9180\" or \"unix:/run/tombolo/internal.sock\"")
        for text in table.readList("listen", format) ?? [] {
            do {
                let address = try ListenAddress(parsing: text.value, beside: file)
                if let complaint = complaint(about: address, configuration) {
                    table.report(text.position, "internal.listen: \(complaint.message)", complaint.remedy)
                } else {
                    configuration.internalListener.listen.append(address)
                }
            } catch {
                table.report(text.position, "internal.listen: \(error.message)", error.remedy)
            }
        }
        table.finish()
    }

    private func complaint(
        about address: ListenAddress, _ configuration: Configuration
    ) -> (message: String, remedy: [String])? {
        if configuration.internalListener.listen.contains(address) { return ("\(address) is listed twice", []) }
        if (configuration.listen.http + configuration.listen.https).contains(address), address.port != 0 {
            return ("\(address) is in [listen], too", ["choose a port of its own, like 127.0.0.1:9180"])
        }
        if case .systemd = address {
            return (
                "\(address) is for [listen] only", ["write \"127.0.0.1:9180\" or \"unix:/run/tombolo/internal.sock\""]
            )
        }
        guard case .tcp(let host, let port) = address, !Self.isLoopback(host) else { return nil }
        return (
            "\(address) can be reached from other machines, and what it tells is for the operator alone",
            [
                "write \"127.0.0.1:\(port)\" or \"unix:/run/tombolo/internal.sock\"; where the collector is another machine, "
                    + "a proxy with a password leads there"
            ]
        )
    }

    private static func isLoopback(_ host: String) -> Bool {
        if host == "localhost" { return true }
        guard let bytes = CIDR.addressBytes(host) else { return false }
        return ["127.0.0.0/8", "::1"].compactMap { CIDR($0) }.contains { $0.contains(bytes) }
    }
}

extension ListenAddress {
    /// The TCP port; nil for a Unix socket.
    fileprivate var port: Int? {
        if case .tcp(_, let port) = self { port } else { nil }
    }
}
