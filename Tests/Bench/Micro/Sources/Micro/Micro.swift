import Glibc

/// Times parts of Tombolo by themselves, and prints a JSON line:
///
///     Micro inject CODING CHUNK SECONDS TAG < page        an injector; `missing` for a coding that has none
///     Micro session SECONDS VISITORS                      the lookup of a session that is in the cache
@main
struct Micro {
    static func main() async throws {
        let arguments = CommandLine.arguments.dropFirst()
        switch arguments.first {
        case "inject": injection(Array(arguments.dropFirst()))
        case "session": try await sessionLookup(Array(arguments.dropFirst()))
        default: fail("usage: Micro inject CODING CHUNK SECONDS TAG < page, or Micro session SECONDS VISITORS")
        }
    }

    static func fail(_ message: String) -> Never {
        print(message)
        exit(1)
    }
}
