// swift-tools-version:6.2
import PackageDescription

/// Fuzzing is a package of its own: the modules under test are the same files (`Sources` is a link), but compiled with
/// libFuzzer's coverage counters, which no other build should carry. `Tests/Fuzz/run` builds and runs it.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .unsafeFlags(["-sanitize=fuzzer"]),
]

let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")

/// A program in `Targets/` that libFuzzer drives. SwiftPM's usual linker, gold, breaks down over libFuzzer's archive; the
/// toolchain's lld does not.
func fuzzer(_ name: String, _ dependencies: Target.Dependency...) -> Target {
    .executableTarget(
        name: name, dependencies: dependencies + ["FuzzSupport", nioCore], path: "Targets/\(name)",
        swiftSettings: settings, linkerSettings: [.unsafeFlags(["-sanitize=fuzzer", "-use-ld=lld"])])
}

let package = Package(
    name: "tombolo-fuzz",
    dependencies: [.package(url: "https://github.com/apple/swift-nio", from: "2.101.2")],
    targets: [
        .systemLibrary(name: "CZlib"),
        .systemLibrary(name: "CBrotli"),
        .systemLibrary(name: "CZstd"),
        .systemLibrary(name: "CLibFuzzer", path: "CLibFuzzer"),
        .target(name: "FuzzSupport", dependencies: ["CLibFuzzer"], path: "Support", swiftSettings: settings),
        .target(name: "HTTPWire", dependencies: [nioCore], swiftSettings: settings),
        .target(name: "ContentPolicy", swiftSettings: settings),
        .target(
            name: "HTMLInjection", dependencies: [nioCore, "CZlib", "CBrotli", "CZstd"], swiftSettings: settings),
        .target(
            name: "DeflateOracle", dependencies: ["FuzzSupport", "HTMLInjection", "CZlib", nioCore],
            path: "DeflateOracle", swiftSettings: settings),
        .target(
            name: "FuzzHeads", dependencies: ["FuzzSupport", "HTTPWire", nioCore], path: "Heads",
            swiftSettings: settings),

        fuzzer("chunked", "HTTPWire"),
        fuzzer("deflate", "HTMLInjection", "DeflateOracle"),
        fuzzer("deflate-pages", "HTMLInjection", "DeflateOracle", "CZlib"),
        fuzzer("deflate-symbols", "HTMLInjection", "DeflateOracle"),
        fuzzer("http2-fields", "HTTPWire"),
        fuzzer("policy", "ContentPolicy"),
        fuzzer("proxy-header", "HTTPWire"),
        fuzzer("request-head", "HTTPWire", "FuzzHeads"),
        fuzzer("response-head", "HTTPWire", "FuzzHeads"),
        fuzzer("tokenizer", "HTMLInjection"),
    ]
)
