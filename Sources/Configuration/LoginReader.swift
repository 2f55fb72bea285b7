/// Reads `login`: one login signal or several, with the secrets that they need.
struct LoginReader {
    let file: String
    let session: LoadSession

    private enum Signal: String, CaseIterable { case flask, header }

    /// Reads the tables; what is wrong is reported and left out.
    func read(_ tables: [TableReader]) -> [Group.LoginSignal] {
        tables.compactMap(read)
    }

    private func read(_ table: TableReader) -> Group.LoginSignal? {
        var table = table
        defer { table.finish() }
        let later = ["itsdangerous", "django", "fernet", "jwt", "cookie", "request"]
        let signal = table.require(
            "signal", .choice(unavailable: later) as ValueFormat<Signal>, "write signal = \"flask\" or \"header\"")
        switch signal?.value {
        case .flask: return flask(&table)
        case .header: return .header
        case nil:
            // Which keys belong here depends on the signal; without one, none is called unknown.
            for key in ["cookie", "secret_env", "secret_file", "user_key"] { _ = table.has(key) }
            return nil
        }
    }

    private func flask(_ table: inout TableReader) -> Group.LoginSignal? {
        let cookie = table.require("cookie", .cookieName(), "write cookie = \"session\", or as the app calls it")
        var userKey = "_user_id"
        table.read("user_key", .text("the key of the user in the session"), into: &userKey)
        let secrets = secrets(&table)
        guard let cookie, let secrets else { return nil }
        return .flask(cookie: cookie.value, secrets: secrets, userKey: userKey)
    }

    /// At least one secret, or nil after a report.
    private func secrets(_ table: inout TableReader) -> [Configuration.Secret]? {
        let variables = table.readList("secret_env", .text("the name of an environment variable"))
        let files = table.readList("secret_file", .path)
        table.refuseLiteralSecret()
        var secrets: [Configuration.Secret] = []
        for variable in variables ?? [] {
            if let secret = secret(variable: variable, table) { secrets.append(secret) }
        }
        for path in files ?? [] {
            if let secret = secret(path: path, table) { secrets.append(secret) }
        }
        if variables?.isEmpty ?? true, files?.isEmpty ?? true,
            !table.hasReported(["secret_env", "secret_file", "secret"])
        {
            table.report(
                table.position, "login needs the app's secret",
                ["write secret_env = \"SHOP_SECRET_KEY\" or secret_file = \"shop.secret\""])
        }
        return secrets.isEmpty ? nil : secrets
    }

    private func secret(variable: Located<String>, _ table: TableReader) -> Configuration.Secret? {
        // Somebody may have written the secret itself here: what is no name is not repeated.
        guard Names.isEnvironmentVariable(variable.value) else {
            table.report(
                variable.position, "\(table.path(of: "secret_env")): the text is no name of an environment variable",
                ["write the name of the variable that holds the secret, not the secret itself"])
            return nil
        }
        guard let value = session.environment(variable.value), !value.isEmpty else {
            let isEmpty = session.environment(variable.value) != nil
            table.report(
                variable.position, "the environment variable \(variable.value) is \(isEmpty ? "empty" : "not set")",
                ["set it where Tombolo is started, or put the secret into a file and name that with secret_file"])
            return nil
        }
        return Configuration.Secret(bytes: Array(value.utf8), source: "environment variable \(variable.value)")
    }

    private func secret(path: Located<String>, _ table: TableReader) -> Configuration.Secret? {
        let resolved = FilePath.resolve(path.value, beside: file)
        guard
            var bytes = session.read(
                resolved, what: "secret file", limit: 64 * 1024, namedAt: (file: file, position: path.position))
        else { return nil }
        // Editors and `echo` end a file with a line break that is no part of the secret.
        if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
        if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
        guard !bytes.isEmpty else {
            table.report(path.position, "the secret file \(Display.quote(resolved)) is empty")
            return nil
        }
        return Configuration.Secret(bytes: bytes, source: "file \(resolved)")
    }
}

extension TableReader {
    /// Refuses a secret in the file itself, without repeating it.
    fileprivate mutating func refuseLiteralSecret() {
        guard let position = position(of: "secret") else { return }
        ignore("secret")
        report(
            position, "\(path(of: "secret")): secrets do not belong into this file",
            ["name an environment variable with secret_env, or a file with secret_file"])
    }

    /// Whether one of the keys is written, so that its absence need not be reported.
    fileprivate func hasReported(_ keys: [String]) -> Bool { keys.contains { position(of: $0) != nil } }
}
