internal import Configuration
internal import FoundationEssentials
internal import Metrics
internal import SessionStores
internal import Sessions

/// The paths that Tombolo answers itself.
///
/// Exactly one spelling of each: whatever differs by a byte (case, percent-encoding, a slash too many) is an address of
/// the app and goes upstream without privileges.
public enum Endpoint: String, Sendable, CaseIterable {
    case actions = "/crossdomain"
    case loader = "/crossdomain/loader.js"
    case start = "/crossdomain/start"
    case sync = "/crossdomain/sync"
    case finish = "/crossdomain/finish"

    /// The path above all of them.
    public static let root = "/crossdomain"

    /// Most bytes of a request body here: the actions' JSON with its ticket.
    public static let largestBody = 16 * 1024
}

extension SessionGroup {
    /// Answers a request under `/crossdomain`.
    ///
    /// - Parameters:
    ///   - path: the path exactly as it was sent, without query.
    ///   - contentType: the body's media type as sent.
    ///   - body: the whole body.
    public func answer(
        _ visit: Visit, path: String, contentType: String?, body: [UInt8], at member: Member
    ) async -> Answer {
        var answer: Answer
        do {
            answer = try await route(visit, path: path, contentType: contentType, body: body, at: member)
        } catch let error as LadderError {
            answer = .error(error)
        } catch {
            answer = .error(.storeUnavailable)
        }
        count(answer, path: path)
        if path == Endpoint.actions.rawValue { allowOrigin(of: visit, at: member, in: &answer) }
        return answer
    }

    private func count(_ answer: Answer, path: String) {
        switch Endpoint(rawValue: path) {
        case .start?: metrics.handshakes.count(settings.name, "start", answer.outcome)
        case .sync?: metrics.handshakes.count(settings.name, "sync", answer.outcome)
        case .finish?: metrics.handshakes.count(settings.name, "finish", answer.outcome)
        case .actions?, .loader?, nil: break
        }
    }

    private func route(
        _ visit: Visit, path: String, contentType: String?, body: [UInt8], at member: Member
    ) async throws -> Answer {
        guard let endpoint = Endpoint(rawValue: path) else { throw LadderError.notFound }
        switch (endpoint, visit.method) {
        case (.actions, "OPTIONS"):
            return preflight(visit, at: member)
        case (.actions, "POST"):
            return await act(visit, contentType: contentType, body: body, at: member)
        case (.loader, "GET"), (.loader, "HEAD"):
            return loader(for: member)
        case (.start, "GET"):
            return try await start(visit, at: member)
        case (.sync, "GET"):
            return try await sync(visit, at: member)
        case (.finish, "GET"):
            return try await finish(visit, at: member)
        default:
            throw LadderError.methodNotAllowed
        }
    }

    private func act(_ visit: Visit, contentType: String?, body: [UInt8], at member: Member) async -> Answer {
        var action = "unknown"
        var answer: Answer
        do {
            answer = try await act(visit, contentType: contentType, body: body, at: member, counted: &action)
        } catch let error as LadderError {
            answer = .error(error)
        } catch {
            answer = .error(.storeUnavailable)
        }
        metrics.checks.count(settings.name, action, answer.outcome)
        return answer
    }

    /// Says what was asked for in `action`, as soon as it is known to be something that exists.
    private func act(
        _ visit: Visit, contentType: String?, body: [UInt8], at member: Member, counted action: inout String
    ) async throws -> Answer {
        // A form of another site can post text/plain without asking first (no CORS preflight), JSON it cannot.
        let type = contentType?.split(separator: ";", omittingEmptySubsequences: false).first.map {
            $0.lowercased().filter { !$0.isWhitespace }
        }
        guard type == "application/json" else { throw LadderError.notJSON }
        guard body.count <= Endpoint.largestBody,
            let members = try? JSONDecoder().decode([String: String].self, from: Data(body))
        else { throw LadderError.badRequest }
        func ticket() throws -> String {
            guard let ticket = members["ticket"], !ticket.isEmpty else { throw LadderError.badRequest }
            return ticket
        }
        let asked = members["action"]
        if let asked, ["begin", "check", "replace"].contains(asked) { action = asked }
        switch asked {
        case "begin"?: return try await begin(visit, to: members["to"], at: member)
        case "check"?: return try await check(visit, ticket: ticket(), at: member)
        case "replace"?: return try await replace(visit, ticket: ticket(), at: member)
        case .some: throw LadderError.unknownAction
        case nil: throw LadderError.badRequest
        }
    }

    // MARK: CORS (Fetch standard §3.2)

    private func preflight(_ visit: Visit, at member: Member) -> Answer {
        guard groupSite(origin: visit.origin, seenFrom: member.site) != nil else { return .error(.foreignOrigin) }
        return Answer(
            status: 204,
            fields: [
                ("Access-Control-Allow-Methods", "POST"), ("Access-Control-Allow-Headers", "Content-Type"),
                ("Access-Control-Max-Age", "600"),
            ])
    }

    private func allowOrigin(of visit: Visit, at member: Member, in answer: inout Answer) {
        answer.fields.append(("Vary", "Origin"))
        guard let origin = groupSite(origin: visit.origin, seenFrom: member.site)?.origin else { return }
        answer.fields.append(("Access-Control-Allow-Origin", origin))
        answer.fields.append(("Access-Control-Allow-Credentials", "true"))
    }
}

extension LadderError {
    init(_ error: TicketError) {
        switch error {
        case .late: self = .lateTicket
        case .malformed, .notAuthentic, .early: self = .badTicket
        }
    }
}
