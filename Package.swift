// swift-tools-version: 6.2
// One package; imports go one way, top to bottom. docs/ARCHITECTURE.md says why each target exists.
import PackageDescription

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("ExistentialAny"),
    .unsafeFlags(["-cross-module-optimization"], .when(configuration: .release)),
]

/// One thread, one request at a time: docs/decisions/0006 says what is checked where.
let worker =
    strict + [
        .unsafeFlags(
            ["-enforce-exclusivity=unchecked", "-Xfrontend", "-assume-single-threaded"], .when(configuration: .release))
    ]

func library(_ name: String, _ dependencies: [Target.Dependency], _ settings: [SwiftSetting] = strict) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: strict)
}

let package = Package(
    name: "martinet",
    products: [
        .executable(name: "martinet", targets: ["martinet"]),
        .executable(name: "martinet-fpm", targets: ["martinet-fpm"]),
        .executable(name: "martinet-tools", targets: ["martinet-tools"]),
    ],
    targets: [
        // C: what Swift cannot call, and the system's libraries.
        .target(name: "CLinux", cSettings: [.define("_GNU_SOURCE")]),
        .systemLibrary(name: "CPCRE2", pkgConfig: "libpcre2-8", providers: [.apt(["libpcre2-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CBrotli", pkgConfig: "libbrotlienc", providers: [.apt(["libbrotli-dev"])]),
        .systemLibrary(name: "CNGHTTP2", pkgConfig: "libnghttp2", providers: [.apt(["libnghttp2-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CTLS", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CCrypt", pkgConfig: "libcrypt", providers: [.apt(["libcrypt-dev"])]),

        // Leaves.
        library("Bytes", []),
        library("Kernel", ["CLinux", "Bytes"]),
        library("EventLoop", ["Kernel", "Bytes"]),
        library("HTTP", ["Bytes"]),
        library("FastCGI", ["Bytes"]),
        library("ConfigLanguage", ["Bytes", "Kernel"]),
        library("Expressions", ["Bytes", "CPCRE2", "COpenSSL", "CCrypt"]),

        // Certificates from a CA that speaks ACME, and their store.
        library("ACME", ["Bytes", "Kernel", "COpenSSL"]),

        // The server.
        library("ServerCore", ["Bytes", "Kernel", "EventLoop", "HTTP", "ConfigLanguage", "Expressions"]),
        library("Modules", ["ServerCore", "FastCGI", "COpenSSL"]),
        library("ModuleCompression", ["ServerCore", "CZlib", "CBrotli"]),
        library("ModuleHTTP2", ["ServerCore", "Expressions", "CNGHTTP2"]),
        library("ModuleProxyHTTP2", ["ServerCore", "Modules", "CNGHTTP2"]),
        library("ModuleMD", ["ServerCore", "ACME"]),
        library("ModuleTLS", ["ServerCore", "Modules", "CTLS"]),
        library("MPM", ["ServerCore"]),
        library("LoadGenerator", ["EventLoop", "Kernel", "Bytes"]),
        library("ModulePHP", ["Modules", "PHPLibrary", "CPHPABI"]),
        .executableTarget(
            name: "martinet",
            dependencies: [
                "MPM", "LoadGenerator", "Modules", "ModuleCompression", "ModuleHTTP2", "ModulePHP", "HostTools",
                "ModuleMD", "ACME", "ModuleProxyHTTP2", "ModuleTLS",
            ],
            swiftSettings: strict),

        // The PHP process manager. Only PHPEngine knows PHP, through the plain-C table of CPHPABI.
        .target(name: "CPHPABI"),
        library("FPM", ["Bytes", "Kernel", "FastCGI", "HTTP", "ConfigLanguage"], worker),
        library("PHPLibrary", ["Bytes", "Kernel"]),
        library("PHPEngine", ["FPM", "PHPLibrary", "CPHPABI", "Bytes", "Kernel"], worker),
        .executableTarget(name: "martinet-fpm", dependencies: ["FPM", "PHPEngine"], swiftSettings: strict),

        // What administrators and maintainer scripts call: a2enmod, a2query, apache2ctl, a2md.
        library("HostTools", ["Bytes", "Kernel", "ConfigLanguage", "FastCGI", "ACME"]),
        .executableTarget(name: "martinet-tools", dependencies: ["HostTools"], swiftSettings: strict),

        // Runs scripts without a web server, for PHPEngineTests.
        .executableTarget(
            name: "php-engine-driver", dependencies: ["PHPEngine"], path: "Tests/PHPEngineDriver", swiftSettings: strict
        ),

        // A supervisor for its tests: its language is a line of text.
        .executableTarget(
            name: "fpm-double", dependencies: ["FPM", "Bytes", "Kernel"], path: "Tests/FPMDouble", swiftSettings: strict
        ),

        // Every parser on mutated input: make fuzz.
        .executableTarget(
            name: "Fuzz", dependencies: ["HTTP", "FastCGI", "ConfigLanguage", "Expressions", "Kernel", "Bytes"],
            swiftSettings: strict),

        // Tests mirror the targets.
        tests("BytesTests", ["Bytes"]),
        tests("KernelTests", ["Kernel", "EventLoop"]),
        tests("HTTPTests", ["HTTP", "FastCGI"]),
        tests("ConfigLanguageTests", ["ConfigLanguage"]),
        tests("ExpressionsTests", ["Expressions"]),
        tests("ACMETests", ["ACME"]),
        tests("ServerCoreTests", ["ServerCore"]),
        tests("ModuleCompressionTests", ["ModuleCompression"]),
        tests("ModuleHTTP2Tests", ["ModuleHTTP2"]),
        tests("ModuleTLSTests", ["ModuleTLS"]),
        tests("ModuleMDTests", ["ModuleMD"]),
        tests("ModulesTests", ["Modules"]),
        tests("LoadGeneratorTests", ["LoadGenerator"]),
        tests("MPMTests", ["MPM", "Modules"]),
        tests("PHPEngineTests", ["PHPEngine", "php-engine-driver"]),
        tests("HostToolsTests", ["HostTools"]),
        tests("FPMTests", ["FPM", "Kernel", "FastCGI", "fpm-double"]),
    ]
)
