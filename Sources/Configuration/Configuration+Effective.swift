extension Configuration {
    /// The settings in effect, defaults included: one a line, `group.brands.timeouts.idle = 1d`, in the order of the
    /// example file. Secrets are not told, only where they came from.
    public var effective: String {
        var lines: [String] = []
        func add(_ key: String, _ value: some Any) { lines.append(Display.clean("\(key) = \(value)")) }
        func list(_ values: [some Any]) -> String { values.map { "\($0)" }.joined(separator: ", ") }

        add("listen.http", list(listen.http))
        add("listen.https", list(listen.https))
        add("listen.http2", listen.http2)
        add("listen.redirect_https", listen.redirectHTTPS)
        add("listen.https_port", listen.httpsPort)
        add("listen.trusted_proxies", list(listen.trustedProxies))
        add("listen.proxy_protocol", listen.proxyProtocol)
        add("listen.reuse_port", listen.reusePort)
        add("listen.unix_mode", FileMode.format(listen.unixMode))
        add("tls.min_version", tls.minVersion.rawValue)
        for certificate in tls.certificates {
            add("tls.certificate", certificate.cert + (certificate.key.map { " key=\($0)" } ?? ""))
        }
        add("internal.listen", list(internalListener.listen))
        switch store.kind {
        case .sqlite(let path):
            add("store.kind", "sqlite")
            add("store.path", path)
            add("store.durability", store.durability)
        case .memory(let maxRecords):
            add("store.kind", "memory")
            add("store.max_records", maxRecords)
        }
        add("keys.file", keys.file)
        add("limits.head", SizeText.format(Int64(limits.headBytes)))
        add("limits.fields", limits.fields)
        add("limits.line", SizeText.format(Int64(limits.lineBytes)))
        add("limits.body", SizeText.format(Int64(limits.bodyBytes)))
        add("limits.request_rate", SizeText.format(Int64(limits.requestRate)))
        add("limits.response_rate", SizeText.format(Int64(limits.responseRate)))
        add("limits.connections", limits.connections)
        add("limits.connections_per_address", limits.connectionsPerAddress)
        add("limits.upstream_connections", limits.upstreamConnections)
        add("limits.pending", limits.pending)
        add("timeouts.head", DurationText.format(milliseconds: timeouts.head))
        add("timeouts.idle", DurationText.format(milliseconds: timeouts.idle))
        add("timeouts.stall", DurationText.format(milliseconds: timeouts.stall))
        add("timeouts.tunnel", DurationText.format(milliseconds: timeouts.tunnel))
        add("timeouts.pending", DurationText.format(milliseconds: timeouts.pending))
        add("timeouts.upstream_connect", DurationText.format(milliseconds: timeouts.upstreamConnect))
        add("timeouts.upstream_response", DurationText.format(milliseconds: timeouts.upstreamResponse))
        add("timeouts.upstream_idle", DurationText.format(milliseconds: timeouts.upstreamIdle))
        add("timeouts.upstream_keepalive", DurationText.format(milliseconds: timeouts.upstreamKeepAlive))
        add("timeouts.upstream_lifetime", DurationText.format(milliseconds: timeouts.upstreamLifetime))
        add("timeouts.drain", DurationText.format(milliseconds: timeouts.drain))
        add("log.level", log.level)
        add("log.format", log.format)
        add("log.access", log.access.paths.setting)
        add("log.access_format", log.access.format)
        add("log.access_path", log.access.destination)
        for group in groups { lines += group.effective }
        return lines.joined(separator: "\n") + "\n"
    }
}

extension PathPatterns {
    /// As written in the configuration file, but for brackets and quotes.
    fileprivate var setting: String { patterns.isEmpty ? "\(self == .everywhere)" : "\(self)" }
}

extension Group {
    fileprivate var effective: [String] {
        var lines: [String] = []
        func add(_ key: String, _ value: some Any) { lines.append(Display.clean("group.\(name).\(key) = \(value)")) }

        add("domains", domainsFile)
        for domain in domains {
            let cookieDomain = domain.cookieDomain.map { " cookie_domain=\($0)" } ?? ""
            let settings = "app=\(domain.app) inject=\(domain.inject)\(cookieDomain)\(domain.access.effective)"
            add("domain \(domain.pattern)", "\(domain.upstreamText) \(settings)")
        }
        add("primary", primary)
        add("share_cookies", shareCookies.joined(separator: ", "))
        for signal in login { add("login", signal.effective) }
        add("handshake", handshake)
        add("check_interval", DurationText.format(seconds: checkInterval))
        add("reload", reload)
        add("conflict", conflict)
        switch policy {
        case .tombolo: add("policy", "tombolo")
        case .flaskCrossDomainSession: add("policy", "flask-crossdomain-session")
        case .djangoSharedSession(let alwaysReplace):
            add("policy", "django-shared-session")
            add("always_replace", alwaysReplace)
        }
        add("ticket_parameter", ticketParameter)
        add("ticket_lifetime", DurationText.format(seconds: ticketLifetime))
        add("links", links)
        add("locations", locations)
        add("fetch", fetch)
        add("inject", inject.setting)
        add("consent_cookie", consentCookie ?? "")
        add("store_failure", storeFailure)
        add("cookie.name", cookie.name)
        add("cookie.secure", cookie.secure)
        add("timeouts.idle", DurationText.format(seconds: timeouts.idle))
        add("timeouts.absolute", DurationText.format(seconds: timeouts.absolute))
        add("timeouts.persistent_idle", DurationText.format(seconds: timeouts.persistentIdle))
        add("timeouts.persistent_absolute", DurationText.format(seconds: timeouts.persistentAbsolute))
        add("headers.session_id", headers.sessionID)
        add("headers.new", headers.new)
        add("headers.user", headers.user)
        add("headers.merged_from", headers.mergedFrom)
        add("headers.merge_ack", headers.mergeAck)
        add("headers.inject", headers.inject)
        return lines
    }
}

extension Group.LoginSignal {
    fileprivate var effective: String {
        switch self {
        case .flask(let cookie, let secrets, let userKey):
            "flask cookie=\(cookie) user_key=\(userKey) secrets from \(secrets.map(\.source).joined(separator: ", "))"
        case .header: "header"
        }
    }
}
