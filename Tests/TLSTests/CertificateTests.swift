import Configuration
import NIOSSL
import Testing

@testable import TLS

@Suite struct CertificateTests {
    private func loaded(_ workshop: Workshop, _ entries: [Configuration.CertificateFile]) -> Certificates {
        let loaded = workshop.load(entries)
        #expect(loaded.mistakes.map(\.description) == [])
        return loaded.certificates
    }

    private func file(_ certificate: Certificate?) -> String? {
        certificate.map { String($0.file.split(separator: "/").last ?? "") }
    }

    @Test func theNameChooses() throws {
        let workshop = try Workshop()
        try workshop.make(["shop.example", "Shop-De.Example"], cert: "shop.crt", key: "shop.key")
        try workshop.make(["*.members.example"], cert: "members.crt", key: "members.key")
        try workshop.make(["ada.members.example"], cert: "ada.crt", key: "ada.key")
        try workshop.make(["shop.example"], cert: "second.crt", key: "second.key")
        let all = loaded(workshop, ["shop.crt", "members.crt", "ada.crt", "second.crt"].map { workshop.entry($0) })
        #expect(file(all.certificate(for: "shop.example")) == "shop.crt")
        #expect(file(all.certificate(for: "shop-de.example")) == "shop.crt")
        #expect(file(all.certificate(for: "bob.members.example")) == "members.crt")
        #expect(file(all.certificate(for: "ada.members.example")) == "ada.crt")
        let unknown = [
            "", ".", "members.example", "a.b.members.example", ".members.example", "example", "xshop.example",
        ]
        for unknown in unknown {
            #expect(all.certificate(for: unknown) == nil, "\(unknown)")
        }
        #expect(file(all.certificate(for: .wildcard("members.example"))) == "members.crt")
        #expect(all.certificate(for: .wildcard("shop.example")) == nil)
    }

    @Test func keysAreFoundBesideCertificates() throws {
        let workshop = try Workshop()
        try workshop.make(["combined.example"], cert: "c.crt", key: "c.key")
        try workshop.run("cat c.key c.crt > combined.pem && rm c.crt c.key")
        try workshop.make(["apart.example"], cert: "apart.pem", key: "elsewhere")
        try workshop.make(["mkcert.example"], cert: "mkcert.pem", key: "mkcert-key.pem")
        try workshop.run("mkdir bot")
        try workshop.make(["bot.example"], cert: "bot/fullchain.pem", key: "bot/privkey.pem")
        let all = loaded(
            workshop,
            [
                workshop.entry("combined.pem"), workshop.entry("apart.pem", key: "elsewhere"),
                workshop.entry("mkcert.pem"), workshop.entry("bot/fullchain.pem"),
            ])
        for name in ["combined", "apart", "mkcert", "bot"] {
            #expect(all.certificate(for: "\(name).example") != nil, "\(name)")
        }
    }

    @Test func foldersAreReadAsTheyAreLaidOut() throws {
        let workshop = try Workshop()
        try workshop.run("mkdir -p certs/bot.example certs/empty certs/.hidden")
        try workshop.make(["a.example"], cert: "certs/a.pem", key: "certs/a-key.pem")
        try workshop.make(["b.example"], cert: "certs/b.crt", key: "certs/b.key")
        let bot = "certs/bot.example"
        try workshop.make(["bot.example"], cert: "\(bot)/fullchain.pem", key: "\(bot)/privkey.pem")
        try workshop.run("cp \(bot)/fullchain.pem \(bot)/cert.pem")
        try workshop.write("certs/README", "certbot writes one")
        let found = workshop.load([workshop.entry("certs")])
        #expect(found.mistakes.map(\.description) == [])
        #expect(found.certificates.all.count == 3)
        for name in ["a", "b", "bot"] { #expect(found.certificates.certificate(for: "\(name).example") != nil) }
        let watched = found.watchedFiles.map { $0.replacing(workshop.path + "/", with: "") }
        #expect(watched.contains("certs") && watched.contains("certs/bot.example"))
        #expect(watched.contains("certs/a-key.pem") && watched.contains("certs/bot.example/privkey.pem"))
    }

    @Test func anEmptyFolderWaits() throws {
        let workshop = try Workshop()
        try workshop.run("mkdir certs")
        let found = workshop.load([workshop.entry("certs")], domains: ["a.example"])
        #expect(found.mistakes.isEmpty)
        #expect(found.warnings.count == 2)
        #expect(found.warnings.first?.contains("no certificate in the folder") == true)
        #expect(found.warnings.last == "no certificate is for a.example (a.domains:1): https does not work there")
    }

    @Test func whatHasNotChangedIsKept() throws {
        let workshop = try Workshop()
        try workshop.make(["a.example"], cert: "a.pem", key: "a.key")
        try workshop.make(["b.example"], cert: "b.pem", key: "b.key")
        let entries = [workshop.entry("a.pem"), workshop.entry("b.pem")]
        let before = workshop.load(entries).certificates
        try workshop.make(["b.example"], cert: "b.pem", key: "b.key")
        let after = workshop.load(entries, keeping: before).certificates
        #expect(after.certificate(for: "a.example") === before.certificate(for: "a.example"))
        #expect(after.certificate(for: "b.example") !== before.certificate(for: "b.example"))
        let stricter = workshop.load(entries, minVersion: .tls13, keeping: after).certificates
        #expect(stricter.certificate(for: "a.example") !== after.certificate(for: "a.example"))
        #expect(stricter.all.first?.context.configuration.minimumTLSVersion == .tlsv13)
    }
}

@Suite struct CertificateMistakeTests {
    private func mistakes(_ workshop: Workshop, _ entry: Configuration.CertificateFile) -> String {
        let found = workshop.load([entry])
        #expect(found.mistakes.count == 1)
        return found.mistakes.map(\.description).joined().replacing(workshop.path + "/", with: "")
    }

    @Test func theyAreNamed() throws {
        let workshop = try Workshop()
        try workshop.make(["a.example"], cert: "a.crt", key: "a.key")
        try workshop.make(["b.example"], cert: "b.crt", key: "b.key")
        try workshop.make([], cert: "nameless.crt", key: "nameless.key")
        try workshop.run("cp a.crt lonely.crt && mkdir folder")
        try workshop.run("openssl pkey -aes256 -passout pass:x -in a.key -out locked.key")
        try workshop.write("garbage.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
        try workshop.write("garbage.key", "no key\n")

        let here = "tombolo.toml:3:8: tls.certificate: "
        #expect(mistakes(workshop, workshop.entry("none.pem")).hasPrefix("\(here)cannot read "))
        #expect(mistakes(workshop, workshop.entry("lonely.crt")).hasPrefix("\(here)there is no key for lonely.crt"))
        #expect(
            mistakes(workshop, workshop.entry("a.crt", key: "b.key"))
                .hasPrefix("\(here)the key in b.key does not belong to the first certificate in a.crt"))
        #expect(
            mistakes(workshop, workshop.entry("a.crt", key: "locked.key"))
                .hasPrefix("\(here)the key in locked.key is protected by a passphrase"))
        #expect(
            mistakes(workshop, workshop.entry("a.crt", key: "garbage.key"))
                .hasPrefix("\(here)there is no key in PEM form in garbage.key"))
        #expect(
            mistakes(workshop, workshop.entry("garbage.pem", key: "a.key"))
                .hasPrefix("\(here)there is no certificate in PEM form in garbage.pem"))
        #expect(
            mistakes(workshop, workshop.entry("nameless.crt"))
                .hasPrefix("\(here)the certificate in nameless.crt is for no host name"))
        #expect(mistakes(workshop, workshop.entry("folder", key: "a.key")).hasPrefix("\(here)key means nothing"))
    }

    @Test func whatShouldBeKnown() throws {
        let workshop = try Workshop()
        try workshop.make(["a.example", "*.b.example"], cert: "a.crt", key: "a.key", days: 30)
        let day: Int64 = 86_400
        let now = Int64(workshop.load([workshop.entry("a.crt")]).certificates.all.first?.validity.lowerBound ?? 0)
        func warnings(_ days: Int64) -> [String] {
            workshop.load(
                [workshop.entry("a.crt")], domains: ["a.example", "*.b.example", "c.example", "b.example"],
                now: now + days * day
            ).warnings
        }
        let uncovered = ["c.example (a.domains:3)", "b.example (a.domains:4)"].map {
            "no certificate is for \($0): https does not work there"
        }
        #expect(warnings(1) == uncovered)
        #expect(warnings(15) == uncovered)
        #expect(warnings(17).first?.contains("(a.example, *.b.example) expires on 20") == true)
        #expect(warnings(31).first?.contains("expired on 20") == true)
        #expect(warnings(-1).first?.contains("is not valid before 20") == true)
        #expect(warnings(17).count == 3 && warnings(31).count == 3 && warnings(-1).count == 3)

        try workshop.run("chmod 644 a.key")
        #expect(warnings(1).first?.contains("others than its owner have access to the key") == true)
        try workshop.run("chmod 640 a.key")
        #expect(warnings(1) == uncovered)
        try workshop.make(["other.example"], cert: "b.crt", key: "b.key")
        try workshop.run("cat b.crt >> a.crt")
        #expect(warnings(1).first?.contains("certificate 2 did not issue certificate 1") == true)
    }
}
