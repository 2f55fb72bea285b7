// swift-tools-version:6.2
import Foundation
import PackageDescription

/// A package of its own, so that the benchmark is never built with Tombolo. `Sources/` has symbolic links to the rooms that
/// are measured: modules of the main package are no products. Its driver is sixty lines, since what a benchmark framework
/// has to offer beyond a timer (allocations, instruction counts) counts nothing on Linux without jemalloc and hardware counters.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

/// The C libraries of HTMLInjection, as far as this checkout has them.
let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Sources")
let codecs = ["CZlib", "CBrotli", "CZstd"].filter {
    FileManager.default.fileExists(atPath: sources.appendingPathComponent($0).path)
}

let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")

let package = Package(
    name: "micro",
    platforms: [.macOS(.v15)],
    dependencies: [.package(url: "https://github.com/apple/swift-nio", from: "2.101.2")],
    targets: codecs.map { .systemLibrary(name: $0) } + [
        .target(
            name: "HTMLInjection", dependencies: [nioCore] + codecs.map { .target(name: $0) }, swiftSettings: settings),
        .executableTarget(name: "Micro", dependencies: ["HTMLInjection", nioCore], swiftSettings: settings),
    ]
)
