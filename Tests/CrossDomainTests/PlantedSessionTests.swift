import Configuration
import Sessions
import Testing

@testable import CrossDomain

/// An attacker gives a victim a session of his own by a link, and waits for what the comparisons make of it.
///
/// Whatever the rows of the table decide: the attacker must not arrive in the victim's session, and a session that the
/// victim is logged in to must not be put aside.
@Suite struct PlantedSessionTests {
    enum Kind: String, CaseIterable, Sendable {
        case empty, cart, user
        /// A user of the same name as the other side's, of another app.
        case namesake
    }

    struct Plan: Sendable, CustomTestStringConvertible {
        var engine: Engine
        /// What the attacker's session is, and where the attacker has it from.
        var attacker: Kind
        var attackerHost: String
        var victim: Kind
        var victimHost: String
        var plantedAt: String
        /// Where the link is: a page of the attacker's own, or one of the group that shows what visitors write.
        var from: Initiator
        var testDescription: String {
            "\(engine.rawValue): \(attacker.rawValue) of \(attackerHost) planted at \(plantedAt) from \(from), "
                + "victim \(victim.rawValue) at \(victimHost)"
        }
    }

    static let outside: [Initiator] = [.typed, .quiet(Host.evil), .page(Host.evil)]
    static let inside: [Initiator] = [.page("ada.members.example")]

    static func plans(attacker: [Kind], victim: Kind, from: [Initiator]) -> [Plan] {
        from.flatMap { plans(attacker: attacker, victim: victim, from: $0) }
    }

    private static func plans(attacker: [Kind], victim: Kind, from: Initiator) -> [Plan] {
        // A namesake in the same app is the same person.
        allPlans(attacker: attacker, victim: victim, from: from).filter {
            $0.attacker != .namesake || ($0.attackerHost == Host.club) != ($0.victimHost == Host.club)
        }
    }

    private static func allPlans(attacker: [Kind], victim: Kind, from: Initiator) -> [Plan] {
        var plans: [Plan] = []
        for engine in [Engine.chromium, .chromiumBlocking, .webKit, .firefox] {
            for kind in attacker {
                for (victimHost, attackerHost) in [(Host.shop, Host.club), (Host.club, Host.shop)] {
                    for plantedAt in Host.all where plantedAt != victimHost && plantedAt != attackerHost {
                        plans.append(
                            Plan(
                                engine: engine, attacker: kind, attackerHost: attackerHost, victim: victim,
                                victimHost: victimHost, plantedAt: plantedAt, from: from))
                    }
                    plans.append(
                        Plan(
                            engine: engine, attacker: kind, attackerHost: Host.germany, victim: victim,
                            victimHost: victimHost, plantedAt: attackerHost, from: from))
                }
            }
        }
        return plans
    }

    @Test(arguments: plans(attacker: Kind.allCases, victim: .user, from: outside))
    func noLinkFromOutsideTouchesALogin(_ plan: Plan) async throws {
        let violations = try await play(plan)
        #expect(violations.isEmpty)
    }

    @Test(arguments: plans(attacker: [.empty, .cart, .user], victim: .cart, from: outside))
    func noLinkFromOutsideTouchesACart(_ plan: Plan) async throws {
        let violations = try await play(plan)
        #expect(violations.isEmpty)
    }

    @Test(arguments: plans(attacker: [.empty, .cart], victim: .user, from: inside))
    func anAnonymousSessionPlantedFromInsideTouchesNoLogin(_ plan: Plan) async throws {
        let violations = try await play(plan)
        #expect(violations.isEmpty)
    }

    @Test(arguments: plans(attacker: [.user, .namesake], victim: .user, from: inside))
    func aLoginPlantedFromInsideTouchesNoOther(_ plan: Plan) async throws {
        let violations = try await play(plan)
        #expect(violations.isEmpty)
    }

    @Test(arguments: plans(attacker: [.empty, .cart, .user], victim: .cart, from: inside))
    func aSessionPlantedFromInsideGetsNoCart(_ plan: Plan) async throws {
        let violations = try await play(plan)
        #expect(violations.isEmpty)
    }

    private func play(_ plan: Plan) async throws -> [String] {
        let ledger = Ledger(try World(seed: 11))
        let world = ledger.world
        let mallory = ModelBrowser("mallory", .chromium, ledger)
        let victim = ModelBrowser("victim", plan.engine, ledger)
        try await mallory.browse(plan.attackerHost)
        world.clock.advance(by: 100)
        try await victim.browse(plan.victimHost)
        world.clock.advance(by: 100)
        try await become(plan.attacker, mallory, plan.attackerHost, "mallory")
        try await become(plan.victim, victim, plan.victimHost, "victim")
        world.clock.advance(by: 100)
        let own = try #require(try await victim.held(plan.victimHost))
        let ticket = try #require(try await mallory.mint(from: plan.attackerHost, to: plan.plantedAt))
        let planted = try await victim.navigate(
            "https://\(plan.plantedAt)/?\(World.settings.ticketParameter)=\(ticket)", plan.from)
        try await victim.runLoader(planted)

        var violations: [String] = []
        for order in [Host.all, Host.all.reversed(), [Host.club, Host.shop, Host.germany]] {
            for host in order {
                world.clock.advance(by: 601)
                let seen = try await victim.browse(host)
                if plan.victim == .user, let user = seen.session.record?.user, seen.session.id != own.id {
                    violations.append("the victim is \(user) at \(host)")
                }
                let reached = try await mallory.browse(host)
                if reached.session.record?.cookies.contains(where: { $0.name == "cart of victim" }) == true {
                    violations.append("the attacker has the victim's cart at \(host)")
                }
                if reached.session.id == own.id {
                    violations.append("the attacker is in the victim's session at \(host)")
                }
            }
        }
        if plan.victim == .user {
            for host in Host.all where try await victim.held(host)?.id != own.id {
                violations.append("the victim has lost its session at \(host)")
            }
        }
        return violations
    }

    private func become(_ kind: Kind, _ browser: ModelBrowser, _ host: String, _ name: String) async throws {
        switch kind {
        case .empty: break
        case .cart: try await browser.act(host, .cart("cart of \(name)"))
        case .user: try await browser.act(host, .login(name))
        case .namesake: try await browser.act(host, .login("victim"))
        }
    }
}
