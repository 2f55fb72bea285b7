// swift-tools-version:6.2
import PackageDescription

/// A package of its own, so that the benchmark is never built with Tombolo. `Sources/` has symbolic links to the rooms that
/// are measured, and to those below them: modules of the main package are no products. Its driver is a few dozen lines,
/// since what a benchmark framework has to offer beyond a timer (allocations, instruction counts) counts nothing on Linux
/// without jemalloc and hardware counters.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioConcurrency: Target.Dependency = .product(name: "NIOConcurrencyHelpers", package: "swift-nio")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")

func room(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

let package = Package(
    name: "micro",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    ],
    targets: [
        .systemLibrary(name: "CSQLite"),
        .systemLibrary(name: "CZlib"),
        .systemLibrary(name: "CBrotli"),
        .systemLibrary(name: "CZstd"),
        .systemLibrary(name: "CPSL"),
        .target(name: "CTOML"),
        .target(name: "CAssets", exclude: ["files"]),
        room("Metrics", [nioConcurrency]),
        room("Configuration", ["CTOML", "CPSL"]),
        room("Sessions", [crypto]),
        room("SessionStores", ["Metrics", "Sessions", "CSQLite", nioConcurrency]),
        room("HTMLInjection", [nioCore, "CZlib", "CBrotli", "CZstd"]),
        room("AppCookies", ["Sessions", "CZlib", crypto]),
        room(
            "CrossDomain",
            ["Metrics", "Configuration", "Sessions", "SessionStores", "AppCookies", "CAssets", crypto]),
        .executableTarget(
            name: "Micro",
            dependencies: ["Configuration", "CrossDomain", "HTMLInjection", "Sessions", "SessionStores", nioCore],
            swiftSettings: settings),
    ],
    cLanguageStandard: .c2x
)
