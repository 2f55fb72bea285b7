import ContentPolicy
import Testing

@Suite("Integrity-Policy") struct IntegrityPolicyTests {
    @Test(
        arguments: [
            ("blocked-destinations=(script)", true),
            ("blocked-destinations=(script), endpoints=(main)", true),
            ("endpoints=(main),sources=(inline),blocked-destinations=( style  script )", true),
            ("blocked-destinations=(script);a=1", true),
            ("blocked-destinations=(style)", false),
            ("blocked-destinations=()", false),
            ("blocked-destinations=(scripts)", false),
            ("blocked-destinations=(Script)", false),
            ("blocked-destinations=script", false),
            ("Blocked-Destinations=(script)", false),
            ("endpoints=(script)", false),
            ("blocked-destinations=(script), blocked-destinations=(style)", false),
            ("blocked-destinations", false),
            ("blocked-destinations=", false),
            ("=(script)", false),
            ("", false),
            (",=,(", false),
        ])
    func oneLine(_ value: String, requires: Bool) {
        #expect(LoaderPolicy.requiresIntegrity([Array(value.utf8)]) == requires)
    }

    @Test("several lines are one dictionary")
    func severalLines() {
        #expect(LoaderPolicy.requiresIntegrity(lines("endpoints=(a)\nblocked-destinations=(script)")))
        #expect(!LoaderPolicy.requiresIntegrity(lines("blocked-destinations=(script)\nblocked-destinations=()")))
        #expect(!LoaderPolicy.requiresIntegrity([]))
    }

    @Test("what it asks for comes on top of what CSP needs")
    func together() throws {
        let policy = try Shop.policy()
        let tag = Shop.expand(" integrity=\"{H}\" crossorigin=\"anonymous\"")
        #expect(Seen(policy.adapt(lines("script-src 'self'"), needsIntegrity: true)) == Seen(policies: nil, tag: tag))
        #expect(
            Seen(policy.adapt(lines("script-src 'nonce-a'"), needsIntegrity: true))
                == Seen(policies: nil, tag: " nonce=\"a\"" + tag))
        #expect(Seen(policy.adapt(lines("sandbox"), needsIntegrity: true)) == Seen(obstacle: .sandboxed))
    }
}
