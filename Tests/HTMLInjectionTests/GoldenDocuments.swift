import HTMLInjection
import Testing

/// A document and what must become of it. `▲` marks where the tag goes; a document without it stays as it is.
struct GoldenDocument: CustomTestStringConvertible, Sendable {
    var name: String
    var bytes: [UInt8]
    var point: Int?
    var skip: InjectionSkip?
    var requiresDocumentMarker: Bool

    init(_ name: String, _ marked: String, requiresDocumentMarker: Bool = false) {
        self.init(name, Array(marked.utf8), requiresDocumentMarker: requiresDocumentMarker)
    }

    init(_ name: String, _ marked: [UInt8], requiresDocumentMarker: Bool = false) {
        let mark = Array("▲".utf8)
        self.name = name
        self.requiresDocumentMarker = requiresDocumentMarker
        bytes = marked
        for index in marked.indices where marked[index...].starts(with: mark) {
            bytes.removeSubrange(index..<index + mark.count)
            point = index
        }
    }

    init(_ name: String, _ text: String, skip: InjectionSkip, requiresDocumentMarker: Bool = false) {
        self.init(name, Array(text.utf8), requiresDocumentMarker: requiresDocumentMarker)
        self.skip = skip
    }

    init(_ name: String, bytes: [UInt8], skip: InjectionSkip, requiresDocumentMarker: Bool = false) {
        self.init(name, bytes, requiresDocumentMarker: requiresDocumentMarker)
        self.skip = skip
    }

    var testDescription: String { name }

    /// The bytes with `tag` where it belongs.
    func expected(_ tag: [UInt8]) -> [UInt8] {
        guard let point else { return bytes }
        return bytes[..<point] + tag + bytes[point...]
    }
}

extension GoldenDocument {
    static let all =
        heads + impliedHeads + doctypes + comments + strayTags + references + encodings + endings + feeds + markers

    static let heads = [
        GoldenDocument("plain head", "<!DOCTYPE html><html><head>▲<title>x</title></head><body>y</body></html>"),
        GoldenDocument("head with attributes", "<html><head prefix=\"og: http://ogp.me/ns#\" id=h>▲<title>x"),
        GoldenDocument("greater-than in a double-quoted value", "<head data-x=\"a>b\">▲<meta charset=utf-8>"),
        GoldenDocument("greater-than in a single-quoted value", "<head data-x='a>\"b'>▲<meta>"),
        GoldenDocument("greater-than ends an unquoted value", "<head data-x=a>▲b>"),
        GoldenDocument("greater-than ends a missing value", "<head data-x=>▲b"),
        GoldenDocument("quote inside an unquoted value is no quote", "<head data-x=a\"b>▲c\">"),
        GoldenDocument("quote in an attribute name is no quote", "<head a\">▲\">"),
        GoldenDocument("equals sign first makes an attribute name", "<head =\">▲x\">"),
        GoldenDocument("equals sign after a space still starts a value", "<head a = \">\" b>▲x"),
        GoldenDocument("no space after a quoted value", "<head a=\"1\"b='>'>▲x"),
        GoldenDocument("slash between attributes", "<head a/b=\">\"/>▲x"),
        GoldenDocument("slash starts an unquoted value", "<head a=/>▲x"),
        GoldenDocument("equals sign after a slash makes a name", "<head a/=\">▲x\">"),
        GoldenDocument("self-closing syntax means nothing on head", "<html><head/>▲<title>x"),
        GoldenDocument("uppercase tags", "<HTML><HEAD>▲<TITLE>x</TITLE></HEAD>"),
        GoldenDocument("mixed case and newlines in the tag", "<hTmL\n lang='en'\n><hEaD\t\r\n class=x\u{0C}>▲<p>"),
        GoldenDocument("whitespace between html and head stays before", "<html>\r\n\t \u{0C}<head>▲\n<title>"),
        GoldenDocument("greater-than in an html attribute", "<html data-a='<head>'><head>▲"),
        GoldenDocument("second html tag only adds attributes", "<html><html lang=de><head>▲"),
        GoldenDocument("only the first head counts", "<head>▲<head id=2>"),
        GoldenDocument("head without html", "<head>▲<title>x"),
    ]

    static let impliedHeads = [
        GoldenDocument("title opens the head", "<!doctype html>▲<title>x</title><p>y"),
        GoldenDocument("meta opens the head", "<html>\n▲<meta charset=utf-8>"),
        GoldenDocument("body opens the head", "<html><!-- c -->\n▲<body class=x>y"),
        GoldenDocument("paragraph without anything before", "▲<p>Hello"),
        GoldenDocument("text without anything before", "▲Hello"),
        GoldenDocument("whitespace before text is not text", "\n\n  ▲Hello <b>you</b>"),
        GoldenDocument("vertical tab is text", "<html> ▲\u{0B}<head>"),
        GoldenDocument("no-break space is text", "<html>▲\u{A0}<head>"),
        GoldenDocument("frameset keeps its frames", "<html>\n▲<frameset cols='*,*'><frame src=a></frameset>"),
        GoldenDocument("header is not head", "<html>▲<header>x</header>"),
        GoldenDocument("hea is not head", "<html>▲<hea>x"),
        GoldenDocument("head with a colon is another tag", "<html>▲<head:x>"),
        GoldenDocument("headline of nine letters is not head", "▲<headheads><head>"),
        GoldenDocument("html5 is not html", "▲<html5><head>"),
        GoldenDocument("script in front of the head", "<html>▲<script>'<head>'</script><head>"),
        GoldenDocument("noscript opens the head", "<!doctype html>▲<noscript><p>x</noscript>"),
        GoldenDocument("template opens the head", "▲<template><head></template>"),
        GoldenDocument("svg opens the head", "▲<svg><head></svg>"),
        GoldenDocument("less-than that is text", "<html>▲< head>"),
        GoldenDocument("less-than before a digit is text", "<html>▲<1>"),
        GoldenDocument("two less-thans are text and a tag", "<html>▲<<head>"),
        GoldenDocument("JSON under a wrong type", "▲{\"html\":\"<head>\"}"),
    ]

    static let doctypes = [
        GoldenDocument("lowercase doctype", "<!doctype html><html><head>▲"),
        GoldenDocument(
            "doctype with identifiers keeps its quirks",
            "<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 4.01 Transitional//EN\">\n<html>\n<head>▲\n"),
        GoldenDocument(
            "XHTML doctype after an XML declaration",
            "<?xml version=\"1.0\" encoding=\"utf-8\"?><!DOCTYPE html PUBLIC '-//W3C//DTD XHTML 1.0 Strict//EN' "
                + "'http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd'><html xmlns=\"http://www.w3.org/1999/xhtml\"><head>▲"
        ),
        GoldenDocument("greater-than ends a doctype inside its quotes", "<!DOCTYPE html PUBLIC \"a>▲b\"><head>"),
        GoldenDocument("doctype without space", "<!doctypehtml>▲<p>"),
        GoldenDocument("doctype without a name", "<!DOCTYPE>▲<p>"),
        GoldenDocument("second doctype is ignored", "<!doctype html><!doctype foo><html><!doctype bar><head>▲"),
        GoldenDocument("whitespace around the doctype", " \n<!doctype html>\n\n▲<p>"),
        GoldenDocument("misspelt doctype is a comment", "<!doctipe \"><head>▲x\">"),
        GoldenDocument("doctype cut short is a comment", "<!doc><head>▲"),
    ]

    static let comments = [
        GoldenDocument("head inside a comment", "<!-- <head> --><html><head>▲"),
        GoldenDocument("conditional comment around html", "<!--[if IE]><html class=ie><head><![endif]--><html><head>▲"),
        GoldenDocument("downlevel-revealed conditional is a bogus comment", "<![if !IE]><html><![endif]><head>▲"),
        GoldenDocument("CDATA outside foreign content ends at greater-than", "<![CDATA[ <head> ▲]]>"),
        GoldenDocument("empty comment", "<!----><head>▲"),
        GoldenDocument("abruptly closed comment", "<!--><head>▲--><head>"),
        GoldenDocument("abruptly closed comment with a dash", "<!---><head>▲--><head>"),
        GoldenDocument("comment closed with a bang", "<!-- a --!><head>▲--><head>"),
        GoldenDocument("bang without greater-than goes on", "<!-- a --!x> <head> --><head>▲"),
        GoldenDocument("bang and dashes", "<!-- a --!--><head>▲"),
        GoldenDocument("bang and one dash go on", "<!-- a --!-> <head> --><head>▲"),
        GoldenDocument("many dashes end a comment", "<!-- a -----><head>▲"),
        GoldenDocument("dashes with a space do not", "<!-- a -- > <head> --><head>▲"),
        GoldenDocument("nested comment opener means nothing", "<!-- <!-- --><head>▲-->"),
        GoldenDocument("nested opener and dashes end it", "<!-- <!----><head>▲-->"),
        GoldenDocument("nested opener directly closed", "<!--<!--><head>▲-->"),
        GoldenDocument("nested opener with one dash", "<!-- <!-> <head> --><head>▲"),
        GoldenDocument("bang alone is an empty bogus comment", "<!><head>▲"),
        GoldenDocument("one dash is a bogus comment", "<!-><head>▲-->"),
        GoldenDocument("one dash and text is a bogus comment", "<!-x \"><head>▲\" -->"),
        GoldenDocument("bogus declaration", "<!ELEMENT br EMPTY><head>▲"),
        GoldenDocument("processing instruction", "<?php echo '<head>▲' ?>"),
        GoldenDocument("end tag of a digit is a bogus comment", "</3 \"><head>▲\">"),
        GoldenDocument("end tag of a space is a bogus comment", "</ head><head>▲"),
        GoldenDocument("comment between html and body", "<html><!-- <head> -->▲<body>"),
        GoldenDocument("non-ASCII text in a comment", "<!-- Zoë ✓ --><html><head>▲<title>ü"),
    ]

    static let strayTags = [
        GoldenDocument("head end tag acts", "<html>▲</head><body>"),
        GoldenDocument("body end tag acts", "<html>▲</body>"),
        GoldenDocument("html end tag acts", "▲</html>"),
        GoldenDocument("br end tag acts", "▲</br><head>"),
        GoldenDocument("uppercase BR end tag acts", "▲</BR ><head>"),
        GoldenDocument("paragraph end tag is ignored", "</p><html></p><head>▲"),
        GoldenDocument("title end tag with attributes is ignored", "<html></title x='>'><head>▲"),
        GoldenDocument("template end tag is ignored before the head", "<html></template><head>▲"),
        GoldenDocument("empty end tag is nothing", "</><head>▲"),
        GoldenDocument("brr is not br", "</brr><head>▲"),
        GoldenDocument("doctype after an ignored end tag", "</div><!doctype html>▲<p>"),
    ]

    static let references = [
        GoldenDocument("decimal space", "<html>&#32;<head>▲"),
        GoldenDocument("decimal space without semicolon", "<html>&#32<head>▲"),
        GoldenDocument("decimal space and text", "<html>&#32▲x<head>"),
        GoldenDocument("hexadecimal line feed", "<html>&#xA;&#X00000a;<head>▲"),
        GoldenDocument("named tab and line feed", "<html>&Tab;&NewLine;<head>▲"),
        GoldenDocument("named tab without semicolon is text", "<html>▲&Tab<head>"),
        GoldenDocument("named tab in another case is text", "<html>▲&tab;<head>"),
        GoldenDocument("ampersand is text", "<html>▲&<head>"),
        GoldenDocument("number sign is text", "<html>▲&#;<head>"),
        GoldenDocument("entity is text", "<html>▲&nbsp;<head>"),
        GoldenDocument("number too large is text", "<html>▲&#4294967328;<head>"),
        GoldenDocument("hexadecimal number too large is text", "<html>▲&#x100000020;<head>"),
        GoldenDocument("hexadecimal digit in a decimal number ends it", "<html>&#9▲a<head>"),
        GoldenDocument("whitespace reference, then an ampersand", "<html>&#9&#10<head>▲"),
    ]

    static let encodings = [
        GoldenDocument("UTF-8 byte order mark", [0xEF, 0xBB, 0xBF] + Array("<!doctype html><head>▲".utf8)),
        GoldenDocument("byte order mark and bare text", [0xEF, 0xBB, 0xBF] + Array("▲text".utf8)),
        GoldenDocument("second byte order mark is text", [0xEF, 0xBB, 0xBF] + Array("▲\u{FEFF}<head>".utf8)),
        GoldenDocument("byte order mark after whitespace is text", " ▲\u{FEFF}<head>"),
        GoldenDocument("half a byte order mark is text", Array("▲".utf8) + [0xEF, 0xBB] + Array("x<head>".utf8)),
        GoldenDocument("third of a byte order mark is text", Array("▲".utf8) + [0xEF] + Array("<head>".utf8)),
        GoldenDocument("page that ends within a byte order mark", Array("▲".utf8) + [0xEF, 0xBB]),
        GoldenDocument(
            "Latin-1 text in an attribute", Array("<html title='".utf8) + [0xE4, 0xFC] + Array("'><head>▲".utf8)),
        GoldenDocument("UTF-16 little-endian", bytes: [0xFF, 0xFE, 0x3C, 0x00], skip: .notASCIICompatible),
        GoldenDocument("UTF-16 big-endian", bytes: [0xFE, 0xFF, 0x00, 0x3C], skip: .notASCIICompatible),
        GoldenDocument("UTF-16 without a mark", bytes: [0x3C, 0x00, 0x68, 0x00], skip: .notASCIICompatible),
        GoldenDocument("NUL in a comment", "<!-- \0 --><head>", skip: .notASCIICompatible),
        GoldenDocument("escape sequence of ISO-2022-JP", "<!-- \u{1B}$B --><head>", skip: .notASCIICompatible),
        GoldenDocument("NUL after the insertion point is not looked at", "<head>▲\0"),
    ]

    static let endings = [
        GoldenDocument("nothing at all", "", skip: .empty),
        GoldenDocument("whitespace only", " \n", skip: .empty),
        GoldenDocument("comment only", "<!-- x -->", skip: .empty),
        GoldenDocument("doctype only", "<!doctype html>\n▲"),
        GoldenDocument("html only", "<html lang=en>▲"),
        GoldenDocument("less-than at the end is text", "<html>▲<"),
        GoldenDocument("less-than and slash at the end are text", "<html>▲</"),
        GoldenDocument("whitespace reference at the end", "<html>&#32▲"),
        GoldenDocument("ampersand at the end is text", "<html>▲&"),
        GoldenDocument("comment without end", "<html><!-- <head>", skip: .unterminated),
        GoldenDocument("doctype without end", "<!doctype html", skip: .unterminated),
        GoldenDocument("bogus comment without end", "<html><?x <head", skip: .unterminated),
        GoldenDocument("head tag without end", "<html><head class='x>", skip: .unterminated),
        GoldenDocument("tag name without end", "<html><hea", skip: .unterminated),
        GoldenDocument("markup declaration without end", "<html><!", skip: .unterminated),
        GoldenDocument("prefix of 64 KiB", String(repeating: " ", count: 65536) + "<head>", skip: .prefixTooLong),
        GoldenDocument("comment of 64 KiB", "<!--" + String(repeating: "x", count: 65536), skip: .prefixTooLong),
    ]

    static let feeds = [
        GoldenDocument(
            "RSS labelled HTML stays a feed", "<?xml version='1.0'?>\n<rss version='2.0'>", skip: .feed),
        GoldenDocument(
            "Atom labelled HTML stays a feed", "<feed xmlns='http://www.w3.org/2005/Atom'>", skip: .feed),
        GoldenDocument("RDF labelled HTML stays a feed", "<!-- x --><rdf:RDF xmlns:rdf='x'>", skip: .feed),
        GoldenDocument("what begins like a feed is sniffed as one", "<rssreader>", skip: .feed),
        GoldenDocument("long name that begins like a feed", "<feedback-form>", skip: .feed),
        GoldenDocument("rs is no feed", "▲<rs>"),
        GoldenDocument("article is no feed", "▲<article>"),
    ]

    static let markers = [
        GoldenDocument("fragment stays", "<div>x</div>", skip: .fragment, requiresDocumentMarker: true),
        GoldenDocument("text fragment stays", " OK", skip: .fragment, requiresDocumentMarker: true),
        GoldenDocument("comment is no marker", "<!-- x --><p>", skip: .fragment, requiresDocumentMarker: true),
        GoldenDocument("body is no marker", "<body>x", skip: .fragment, requiresDocumentMarker: true),
        GoldenDocument("stray end tag is no marker", "</p></head>", skip: .fragment, requiresDocumentMarker: true),
        GoldenDocument("misspelt doctype is no marker", "<!doctyp><p>", skip: .fragment, requiresDocumentMarker: true),
        GoldenDocument("doctype is a marker", "<!doctype html>▲<p>", requiresDocumentMarker: true),
        GoldenDocument("html is a marker", "<html>▲<body>", requiresDocumentMarker: true),
        GoldenDocument("head is a marker", "<head>▲", requiresDocumentMarker: true),
    ]
}
