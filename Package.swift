// swift-tools-version:6.2
import PackageDescription

/// Every target of ours is compiled alike: Swift 6 mode, existentials marked, imports visible only where they are written.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let nioConcurrency: Target.Dependency = .product(name: "NIOConcurrencyHelpers", package: "swift-nio")
let nioTLS: Target.Dependency = .product(name: "NIOTLS", package: "swift-nio")
let nioEmbedded: Target.Dependency = .product(name: "NIOEmbedded", package: "swift-nio")
let nioSSL: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")
let nioHTTP2: Target.Dependency = .product(name: "NIOHTTP2", package: "swift-nio-http2")
let nioHPACK: Target.Dependency = .product(name: "NIOHPACK", package: "swift-nio-http2")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")

/// One module a room, listed from the ground up: a module depends only on those above it in this list.
let package = Package(
    name: "tombolo",
    platforms: [.macOS(.v15)],
    products: [.executable(name: "tombolo", targets: ["tombolo"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-nio-http2", from: "1.46.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // C libraries, linked statically where Debian ships the archive.
        .systemLibrary(name: "CSQLite", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CBrotli", providers: [.apt(["libbrotli-dev"])]),
        .systemLibrary(name: "CZstd", providers: [.apt(["libzstd-dev"])]),
        .systemLibrary(name: "CPSL", providers: [.apt(["libpsl-dev"])]),
        .target(name: "CTOML"),
        .target(name: "CAssets", exclude: ["files"]),
        .target(name: "CLinux"),

        .target(name: "Metrics", dependencies: [nioConcurrency], swiftSettings: settings),
        .target(name: "Configuration", dependencies: ["CTOML", "CPSL"], swiftSettings: settings),
        .target(
            name: "TLS", dependencies: ["Configuration", nioCore, nioConcurrency, nioSSL], swiftSettings: settings),
        .target(name: "HTTPWire", dependencies: [nioCore], swiftSettings: settings),
        .target(name: "Sessions", dependencies: [crypto], swiftSettings: settings),
        .target(
            name: "SessionStores", dependencies: ["Metrics", "Sessions", "CSQLite", nioConcurrency],
            swiftSettings: settings),
        .target(
            name: "HTMLInjection", dependencies: [nioCore, "CZlib", "CBrotli", "CZstd"], swiftSettings: settings),
        .target(name: "ContentPolicy", swiftSettings: settings),
        .target(name: "AppCookies", dependencies: ["Sessions", "CZlib", crypto], swiftSettings: settings),
        .target(
            name: "CrossDomain",
            dependencies: [
                "Metrics", "Configuration", "Sessions", "SessionStores", "AppCookies", "CAssets", crypto,
            ],
            swiftSettings: settings),
        .target(
            name: "Proxy",
            dependencies: [
                "Metrics", "Configuration", "TLS", "HTTPWire", "Sessions", "SessionStores", "HTMLInjection",
                "ContentPolicy", "AppCookies", "CrossDomain", "CLinux", nioCore, nioPosix, nioConcurrency, nioSSL,
                nioTLS,
                nioHTTP2, nioHPACK, crypto, logging,
            ], swiftSettings: settings),
        .target(
            name: "Admin",
            dependencies: [
                "Metrics", "Configuration", "TLS", "HTTPWire", "Sessions", "SessionStores", "HTMLInjection",
                "CrossDomain", "Proxy", nioCore, nioPosix, nioConcurrency, logging,
            ], swiftSettings: settings),
        .target(
            name: "TomboloServer",
            dependencies: [
                "Configuration", "TLS", "HTTPWire", "Sessions", "SessionStores", "HTMLInjection", "CrossDomain",
                "Proxy", "Admin", "Metrics", "CLinux",
                nioCore, nioPosix, nioConcurrency, logging,
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ], swiftSettings: settings),
        .executableTarget(
            name: "tombolo",
            dependencies: [
                "Configuration", "TomboloServer", logging,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ], swiftSettings: settings),

        .testTarget(
            name: "ConfigurationTests", dependencies: ["Configuration"], exclude: ["Golden"], swiftSettings: settings),
        .testTarget(name: "TLSTests", dependencies: ["TLS", "Configuration", nioSSL], swiftSettings: settings),
        .testTarget(name: "HTTPWireTests", dependencies: ["HTTPWire", nioCore], swiftSettings: settings),
        .testTarget(name: "SessionsTests", dependencies: ["Sessions", crypto], swiftSettings: settings),
        .testTarget(
            name: "SessionStoresTests", dependencies: ["SessionStores", "Sessions", "CSQLite"],
            swiftSettings: settings),
        .testTarget(
            name: "HTMLInjectionTests", dependencies: ["HTMLInjection", nioCore, "CZlib", "CBrotli", "CZstd"],
            swiftSettings: settings),
        .testTarget(name: "ContentPolicyTests", dependencies: ["ContentPolicy"], swiftSettings: settings),
        .testTarget(name: "AppCookiesTests", dependencies: ["AppCookies", "Sessions"], swiftSettings: settings),
        .testTarget(
            name: "CrossDomainTests",
            dependencies: ["CrossDomain", "Configuration", "Sessions", "SessionStores", "AppCookies"],
            swiftSettings: settings),
        .testTarget(name: "MetricsTests", dependencies: ["Metrics"], swiftSettings: settings),
        .testTarget(name: "AdminTests", dependencies: ["Admin", "Metrics"], swiftSettings: settings),
        .testTarget(
            name: "ProxyTests",
            dependencies: ["Proxy", "HTTPWire", "HTMLInjection", "TLS", nioCore, nioPosix, nioEmbedded],
            swiftSettings: settings),
    ],
    cLanguageStandard: .c2x,
    cxxLanguageStandard: .cxx17
)
