internal import CLibFuzzer

/// What libFuzzer calls. A C function pointer captures nothing, so the test of the one target in this process is here.
nonisolated(unsafe) private var test: (UnsafeRawBufferPointer) -> Void = { _ in }

/// Hands the process over to libFuzzer, which reads the command line and calls `body` with one input after another.
///
/// Whatever traps, or is found by a sanitizer, is a finding; so is everything that ``check(_:_:)`` is told is false.
public func fuzz(_ body: @escaping (UnsafeRawBufferPointer) -> Void) {
    test = body
    var count = CommandLine.argc
    var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
    _ = LLVMFuzzerRunDriver(&count, &arguments) { bytes, count in
        test(UnsafeRawBufferPointer(start: bytes, count: count))
        return 0
    }
}

/// Something that must hold for every input. Where it does not, the input is kept as a reproducer.
@inline(__always)
public func check(_ holds: Bool, _ otherwise: @autoclosure () -> String) {
    if !holds { fatalError(otherwise()) }
}

/// Two results that must be the same for every input.
@inline(__always)
public func checkEqual<Value: Equatable>(_ value: Value, _ expected: Value, _ what: @autoclosure () -> String) {
    if value != expected { fatalError("\(what()): \(value), not \(expected)") }
}
