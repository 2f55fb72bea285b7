import Testing

@testable import Proxy

@Suite struct TraceContextTests {
    private static let id = "4bf92f3577b34da6a3ce929d0e0e4736"
    private static let parent = "00f067aa0ba902b7"

    private func isContinued(_ value: String) -> Bool {
        Array(value.utf8).withUnsafeBytes { TraceContext.traceID(in: $0) == 3..<35 }
    }

    @Test(arguments: [
        "00-\(id)-\(parent)-01", "00-\(id)-\(parent)-00", "00-\(id)-\(parent)-ff", "01-\(id)-\(parent)-01",
        "01-\(id)-\(parent)-01-what-the-future-will-be", "cc-\(id)-\(parent)-09-", "fe-\(id)-\(parent)-01-x",
    ])
    func continued(_ value: String) { #expect(isContinued(value)) }

    @Test(arguments: [
        "", "00", "00-\(id)-\(parent)-0", "00-\(id)-\(parent)-01-", "00-\(id)-\(parent)-01-x", "ff-\(id)-\(parent)-01",
        "ff-\(id)-\(parent)-01-x", "01-\(id)-\(parent)-01x", "01-\(id)-\(parent)-01.x", "0-\(id)-\(parent)-001",
        "00-00000000000000000000000000000000-\(parent)-01", "00-\(id)-0000000000000000-01",
        "00-\(id.uppercased())-\(parent)-01", "00-\(id)-\(parent)-0G", "00_\(id)-\(parent)-01", "00-\(id)\(parent)--01",
        "00-\(parent)-\(id)-01",
    ])
    func begunAnew(_ value: String) { #expect(!isContinued(value)) }
}
