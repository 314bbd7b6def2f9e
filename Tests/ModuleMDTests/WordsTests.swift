import ACME
import Bytes
import ServerCore
import Testing

@testable import ModuleMD

@Suite struct PrivateKeyWordsTests {
    @Test(arguments: [
        (["RSA"], [KeyKind.rsa(bits: 2048)]), (["RSA", "4096"], [.rsa(bits: 4096)]), (["rsa3072"], [.rsa(bits: 3072)]),
        (["secp256r1", "rsa", "3072"], [.curve("secp256r1"), .rsa(bits: 3072)]), (["Default"], []),
    ])
    func kinds(_ words: [String], _ kinds: [KeyKind]) throws { #expect(try PrivateKeyWords.kinds(words) == kinds) }

    @Test(
        arguments: [
            ([], "needs to specify the private key type"), (["Default", "RSA"], "'Default' allows no other parameter"),
            (["RSA", "1024"], "must be 2048 or higher in order to be considered safe."),
            (["rsa1024"], "must be 2048 or higher in order to be considered safe."),
            (["RSA", "99999999999999999999"], "is too large for an RSA key length."),
            (["RSA", "rsa4096"], "two keys of type 'RSA' are not possible."),
            (["secp256r1", "SECP256R1"], "two keys of type 'SECP256R1' are not possible."),
        ] as [([String], String)])
    func refuses(_ words: [String], _ sentence: String) {
        #expect { try PrivateKeyWords.kinds(words) } throws: { ($0 as? DirectiveError)?.message == sentence }
    }
}

@Suite struct PortMapTests {
    @Test func maps() throws {
        var config = GlobalConfig()
        try PortMap.set(&config, "80:8000")
        try PortMap.set(&config, "https:-")
        #expect((config.localHTTP, config.localHTTPS) == (8000, 0))
    }
    @Test(arguments: [
        ("80", "no ':' after first port number"), ("x:1", "no ':' after first port number"),
        ("80:0", "invalid number for port map, must be in ]0,65535]"),
        ("80:65536", "invalid number for port map, must be in ]0,65535]"),
        ("81:80", "mapped port number must be 80 or 443"),
    ])
    func refuses(_ text: String, _ sentence: String) {
        var config = GlobalConfig()
        #expect { try PortMap.set(&config, text) } throws: { ($0 as? DirectiveError)?.message == sentence }
    }
}

@Suite struct URIWordsTests {
    @Test(
        arguments: [
            ("https://ca.example/dir", nil), ("http://localhost:4000/directory", nil), ("x", "missing uri scheme"),
            ("https:", "missing uri identifier"), ("https://a b/", "whitespace in uri"),
            ("http://", "missing hostname"),
            ("https://a:99999/", "invalid port"), ("https://a:x/", "invalid port"), ("mailto:a@b.example", nil),
            ("mailto:ab", "missing @"), ("mailto:a..b@c.example", "double period"),
        ] as [(String, String?)])
    func faults(_ text: String, _ fault: String?) { #expect(URIWords.fault(text) == fault) }
}

@Suite struct CertificateBoardTests {
    @Test func entriesComeBack() throws {
        let board = try CertificateBoard(capacity: 4096)
        #expect(board.entries()?.1 == [])
        let entries = [
            CertificateBoard.Entry(
                name: "a.example", servers: [1, 7],
                pairs: [
                    CertificatePair(certificate: [1, 2, 3], key: []),
                    CertificatePair(certificate: Array(0...255), key: [9]),
                ]), CertificateBoard.Entry(name: "", servers: [], pairs: []),
        ]
        #expect(board.publish(entries))
        #expect(board.version == 2)
        #expect(board.entries()?.0 == 2)
        #expect(board.entries()?.1 == entries)
        let large = CertificateBoard.Entry(
            name: "b", servers: [], pairs: [CertificatePair(certificate: Array(repeating: 0, count: 5000), key: [])])
        #expect(!board.publish([large]))
        #expect(board.entries()?.1 == entries)
    }
}
