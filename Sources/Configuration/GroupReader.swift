/// Reads the `[[group]]` tables with the domain list files that they name.
struct GroupReader {
    let file: String
    let session: LoadSession

    /// Reads all groups. `isAbsent`: only makes the keys known, and reports nothing.
    func read(_ tables: [TableReader], isAbsent: Bool = false) -> [Group] {
        var groups: [Group] = []
        var names: [String: Position] = [:]
        var places: [HostPattern: String] = [:]
        for table in tables {
            guard let (group, namePosition) = read(table, isAbsent) else { continue }
            if let namePosition, let first = names.updateValue(namePosition, forKey: group.name) {
                names[group.name] = first
                table.report(
                    namePosition,
                    "group.name: \(Display.quote(group.name)) is the name of the group at line \(first.line) already")
            }
            refuseDuplicates(group.domains, &places)
            groups.append(group)
        }
        refuseSharedCookies(groups)
        return groups
    }

    private func read(_ table: TableReader, _ isAbsent: Bool) -> (Group, Position?)? {
        var table = table
        var group = Group(name: "", primary: "")
        var name: Located<String>?
        var list: DomainList?
        if isAbsent {
            for key in ["name", "domains", "primary"] { _ = table.has(key) }
        } else {
            name = table.require("name", .word("a name for the group"), "write name = \"brands\"")
            group.name = name?.value ?? ""
            list = readDomains(&table, &group)
            readPrimary(&table, &group, list)
        }
        readBehaviour(&table, &group)
        if let inject = table.readPathPatterns("inject") { group.inject = inject }
        for index in group.domains.indices where !(list?.ownInject.contains(index) ?? false) {
            group.domains[index].inject = group.inject
        }
        readTicket(&table, &group)
        readTimeouts(table.table("timeouts"), &group.timeouts)
        readCookies(&table, &group)
        readHeaders(table.table("headers"), &group.headers)
        let loginRemedy = [
            "write login = { signal = \"flask\", cookie = \"session\", secret_env = \"SHOP_SECRET_KEY\" }"
        ]
        group.login = LoginReader(file: file, session: session)
            .read(table.tables("login", single: true, remedy: loginRemedy) ?? [])
        table.refuse("cors", "remove the section: the apps' own responses keep their own CORS fields")
        table.refuse("access", "remove the key: let the app itself refuse visitors")
        table.refuse("login_url", "remove the key: let the app itself refuse visitors")
        table.refuse("push", "remove the key: sessions reach the other domains by links, fetch and the handshake")
        table.finish()
        return (group, name?.position)
    }

    // MARK: Domains

    private func readDomains(_ table: inout TableReader, _ group: inout Group) -> DomainList? {
        let remedy = "write domains = \"brands.domains\" and list \"HOST UPSTREAM\" lines in that file"
        guard let path = table.require("domains", .path, remedy) else { return nil }
        group.domainsFile = FilePath.resolve(path.value, beside: file)
        guard
            let bytes = session.read(
                group.domainsFile, what: "domain list file", limit: 16 << 20,
                namedAt: (file: file, position: path.position))
        else { return nil }
        var reader = DomainListReader(file: group.domainsFile, session: session)
        let list = reader.read(bytes)
        group.domains = list.domains
        if list.patterns.isEmpty, !list.isIncomplete {
            session.report(
                group.domainsFile, Position(line: 1, column: 1), "there is no domain in this file",
                ["write a line like: shop.example http://127.0.0.1:5001"])
        }
        return list
    }

    private func readPrimary(_ table: inout TableReader, _ group: inout Group, _ list: DomainList?) {
        let written = table.require(
            "primary", .text("one of the group's domains"),
            "write primary = \"shop.example\", the domain that most visitors know")
        guard let written else { return }
        guard !written.value.hasPrefix("*.") else {
            table.report(
                written.position, "group.primary: a wildcard cannot be the primary",
                ["write one of the domains without *, where browsers are sent to"])
            return
        }
        do {
            group.primary = try HostName.parse(written.value)
        } catch {
            table.report(written.position, "group.primary: \(error.message)", error.remedy)
            return
        }
        guard let list, !list.patterns.isEmpty, !list.patterns.contains(.exact(group.primary)), !list.isIncomplete
        else {
            return
        }
        let exact = list.patterns.compactMap { $0.isWildcard ? nil : $0.name }.sorted()
        var remedy = ["write one of its domains without *, or add a line for it to the file"]
        if let meant = DidYouMean.suggestion(for: group.primary, among: exact) {
            remedy = ["did you mean \"\(meant)\"?"]
        }
        table.report(
            written.position, "group.primary: \(group.primary) is not listed in \(Display.quote(group.domainsFile))",
            remedy)
    }

    private func refuseDuplicates(_ domains: [Domain], _ places: inout [HostPattern: String]) {
        for domain in domains {
            let place = "\(domain.file):\(domain.line)"
            guard let first = places[domain.pattern] else {
                places[domain.pattern] = place
                continue
            }
            session.report(
                domain.file, Position(line: domain.line, column: 1),
                "\(domain.pattern) is listed at \(first) already", ["remove one of the two lines"])
        }
    }

    /// Two groups must not set one cookie: each would take the other's for a forgery, and overwrite it.
    private func refuseSharedCookies(_ groups: [Group]) {
        for (index, group) in groups.enumerated() {
            for other in groups[..<index] where other.cookie.name == group.cookie.name {
                for domain in group.domains {
                    guard let scope = domain.cookieDomain else { continue }
                    let clash = other.domains.lazy.compactMap(\.cookieDomain).first {
                        HostName.lies($0, under: scope) || HostName.lies(scope, under: $0)
                    }
                    guard let clash else { continue }
                    session.report(
                        domain.file, Position(line: domain.line, column: 1),
                        "cookie_domain: the group \"\(other.name)\" has a cookie of the same name for \(clash)",
                        ["give one of the two groups another name in [group.cookie]"])
                }
            }
        }
    }

    // MARK: Settings

    private enum PolicyName: String, CaseIterable {
        case tombolo
        case flaskCrossDomainSession = "flask-crossdomain-session"
        case djangoSharedSession = "django-shared-session"
    }

    private func readBehaviour(_ table: inout TableReader, _ group: inout Group) {
        table.read("handshake", .choice(), into: &group.handshake)
        table.read("check_interval", .seconds(0...31_536_000), into: &group.checkInterval)
        table.read("reload", .choice(), into: &group.reload)
        table.read("conflict", .choice(), into: &group.conflict)
        table.read("store_failure", .choice(), into: &group.storeFailure)
        table.read("links", .boolean, into: &group.links)
        table.read("locations", .boolean, into: &group.locations)
        table.read("fetch", .boolean, into: &group.fetch)
        var name = PolicyName.tombolo
        var alwaysReplace = false
        table.read("policy", .choice(), into: &name)
        let replacePosition = table.read("always_replace", .boolean, into: &alwaysReplace)
        switch name {
        case .tombolo: group.policy = .tombolo
        case .flaskCrossDomainSession: group.policy = .flaskCrossDomainSession
        case .djangoSharedSession: group.policy = .djangoSharedSession(alwaysReplace: alwaysReplace)
        }
        if let replacePosition, alwaysReplace, name != .djangoSharedSession {
            table.report(
                replacePosition, "group.always_replace means nothing to the policy \"\(name.rawValue)\"",
                ["remove the key, or write policy = \"django-shared-session\""])
        }
    }

    private func readTicket(_ table: inout TableReader, _ group: inout Group) {
        table.read("ticket_parameter", .word("a name for a query parameter"), into: &group.ticketParameter)
        table.read("ticket_lifetime", .seconds(1...120), into: &group.ticketLifetime)
    }

    private func readTimeouts(_ table: TableReader, _ timeouts: inout Group.Timeouts) {
        var table = table
        // Ten years: further times say nothing, and sums of them must not overflow anywhere.
        let range: ClosedRange<Int64> = 1...(3650 * 86_400)
        let idle = table.read("idle", .seconds(range), into: &timeouts.idle)
        table.read("absolute", .seconds(range), into: &timeouts.absolute)
        let persistentIdle = table.read("persistent_idle", .seconds(range), into: &timeouts.persistentIdle)
        table.read("persistent_absolute", .seconds(range), into: &timeouts.persistentAbsolute)
        // Who only shortens the whole life of a session shortens the idle time with it.
        if idle == nil { timeouts.idle = min(timeouts.idle, timeouts.absolute) }
        if persistentIdle == nil { timeouts.persistentIdle = min(timeouts.persistentIdle, timeouts.persistentAbsolute) }
        func check(_ key: String, _ first: Int64, _ second: Int64, _ position: Position?) {
            guard first > second, let position else { return }
            table.report(
                position, "group.timeouts.\(key)idle is longer than group.timeouts.\(key)absolute",
                ["write at most \"\(DurationText.format(seconds: second))\", or a longer \(key)absolute"])
        }
        check("", timeouts.idle, timeouts.absolute, idle)
        check("persistent_", timeouts.persistentIdle, timeouts.persistentAbsolute, persistentIdle)
        table.finish()
    }

    private func readCookies(_ table: inout TableReader, _ group: inout Group) {
        var cookie = table.table("cookie")
        let ownName = ValueFormat.word("a name for the cookie").checked { name in
            guard !name.lowercased().hasPrefix("__host-"), !name.lowercased().hasPrefix("__secure-") else {
                return ("Tombolo itself puts the prefix before the name", ["write the name without it"])
            }
            return nil
        }
        cookie.read("name", ownName, into: &group.cookie.name)
        cookie.read("secure", .choice(), into: &group.cookie.secure)
        cookie.finish()
        for shared in table.readList("share_cookies", .cookieName("the names of cookies")) ?? [] {
            if isOwn(shared.value, group.cookie.name) {
                table.report(
                    shared.position, "group.share_cookies: \(shared.value) is Tombolo's own cookie",
                    ["name the cookies of the apps"])
            } else if group.shareCookies.contains(shared.value) {
                table.report(shared.position, "group.share_cookies: \(shared.value) is listed twice")
            }
            group.shareCookies.append(shared.value)
        }
        // An empty text is the way to write the default, nothing, into a file.
        let consent = ValueFormat<String>(
            expectation: "the name of a cookie, or \"\" for none",
            convert: { node in
                node.kind == .string && node.text.isEmpty ? .value("") : ValueFormat.cookieName().convert(node)
            })
        if let name = table.read("consent_cookie", consent) {
            group.consentCookie = name.value.isEmpty ? nil : name.value
        }
    }

    /// Whether a cookie is one that Tombolo sets: its name, with a prefix before it or a suffix with `-` behind it.
    private func isOwn(_ cookie: String, _ name: String) -> Bool {
        var bare = cookie[...]
        for prefix in ["__Host-", "__Secure-"] where bare.lowercased().hasPrefix(prefix.lowercased()) {
            bare = bare.dropFirst(prefix.count)
        }
        return bare == name || bare.hasPrefix("\(name)-")
    }

    private func readHeaders(_ table: TableReader, _ headers: inout Group.HeaderNames) {
        var table = table
        let format = ValueFormat.text("the name of a header field").checked(HeaderNameRules.complaint)
        let keys: [(String, WritableKeyPath<Group.HeaderNames, String>)] = [
            ("session_id", \.sessionID), ("new", \.new), ("user", \.user), ("merged_from", \.mergedFrom),
            ("merge_ack", \.mergeAck), ("inject", \.inject),
        ]
        for (key, field) in keys { table.read(key, format, into: &headers[keyPath: field]) }
        for (index, (key, field)) in keys.enumerated() {
            let name = HeaderNameRules.fold(headers[keyPath: field])
            for (otherKey, other) in keys[..<index] where HeaderNameRules.fold(headers[keyPath: other]) == name {
                table.report(
                    table.position(of: key) ?? table.position(of: otherKey) ?? table.position,
                    "group.headers.\(key) and group.headers.\(otherKey) are one name to an app",
                    ["choose different names"])
            }
        }
        table.finish()
    }
}
