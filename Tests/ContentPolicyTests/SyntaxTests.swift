import ContentPolicy
import Testing

/// How policies are cut into lines, lists, directives and expressions (CSP3 §2.2, §2.3).
@Suite("Syntax") struct SyntaxTests {
    static let rows = [
        Row("an empty value", ""),
        Row("white space alone", " \t "),
        Row("separators alone", ";,; ,;;"),
        Row("a name is folded", "SCRIPT-Src 'none'", .becomes("SCRIPT-Src {L}")),
        Row("keywords are folded", "script-src 'SELF'"),
        Row("'none' is folded", "script-src 'NONE'", .becomes("script-src {L}")),
        Row("an empty list is 'none'", "script-src", .becomes("script-src {L}")),
        Row("an empty list before others", "script-src;img-src *", .becomes("script-src {L};img-src *")),
        Row("an empty list with white space", "script-src  ; img-src *", .becomes("script-src {L}  ; img-src *")),
        Row("'none' beside others has no effect", "script-src 'none' 'self'"),
        Row(
            "'none' beside others stays", "script-src 'none' https://a.example",
            .becomes("script-src 'none' https://a.example {L}")),
        Row(
            "'none' with a reporting keyword is not alone", "script-src 'none' 'report-sample'",
            .becomes("script-src 'none' 'report-sample' {L}")),
        Row("the first of a name counts: it allows", "script-src 'self'; script-src 'none'"),
        Row(
            "the first of a name counts: it forbids", "script-src 'none'; script-src 'self'",
            .becomes("script-src {L}; script-src 'self'")),
        Row("the first sandbox counts", "sandbox allow-scripts allow-same-origin; sandbox"),
        Row(
            "white space of all kinds stays", "\t script-src \u{0C} 'none'\t;  img-src\t*  ",
            .becomes("\t script-src \u{0C} {L}\t;  img-src\t*  ")),
        Row("form feed separates name and value", "script-src\u{0C}'self'"),
        Row("vertical tab separates nothing: an unknown directive", "script-src\u{0B}'none'"),
        Row("no-break space is no ASCII: the directive is ignored", "script-src\u{A0}'none'"),
        Row("a directive with a letter beyond ASCII is ignored", "script-src 'none' bücher.example"),
        Row(
            "an ignored directive does not count as the first", "script-src é; script-src 'none'",
            .becomes("script-src é; script-src {L}")),
        Row(
            "an ignored directive falls back", "script-src 'self' é; default-src 'none'",
            .becomes("script-src 'self' é; default-src 'none'; script-src {L}; connect-src {E} {P}")),
        Row("a name must end", "script-srcs 'none'"),
        Row("a name must be whole", "script 'none'"),
        Row("a name is no prefix", "script-src-attr 'none'"),
        Row("quotes around a name", "'script-src' 'none'"),
        Row("a colon after the name, as people write it", "script-src: 'none'"),
        Row(
            "two policies in a line", "script-src 'none', img-src 'none'",
            .becomes("script-src {L}, img-src 'none'")),
        Row(
            "the second policy in a line", "script-src 'self' , script-src 'none' ",
            .becomes("script-src 'self' , script-src {L} ")),
        Row(
            "a policy in a list ends at its comma", "default-src 'none'  ,img-src *",
            .becomes("default-src 'none'; script-src {L}; connect-src {E} {P}  ,img-src *")),
        Row(
            "both policies of a line", "script-src a.example,script-src b.example",
            .becomes("script-src a.example {L},script-src b.example {L}")),
        Row(
            "no space after the comma, empty members", ",,script-src 'none',,",
            .becomes(",,script-src {L},,")),
        Row(
            "a semicolon at the end", "default-src 'none';",
            .becomes("default-src 'none'; script-src {L}; connect-src {E} {P}")),
        Row(
            "several semicolons at the end", "default-src 'self';;",
            .becomes("default-src 'self';; connect-src 'self' {P}")),
        Row(
            "directives in any order", "connect-src 'none'; img-src *; script-src 'none'",
            .becomes("connect-src {E} {P}; img-src *; script-src {L}")),
        Row(
            "default-src after the others", "connect-src 'none'; default-src 'none'",
            .becomes("connect-src {E} {P}; default-src 'none'; script-src {L}")),
        Row(
            "a line that needs nothing between two that do", "script-src 'none'\nimg-src\t'none' ;\nscript-src x:",
            .becomes("script-src {L}\nimg-src\t'none' ;\nscript-src x: {L}")),
        Row("NUL is no white space", "script-src\u{0}'none'"),
        Row("NUL in an expression", "script-src 'self\u{0}'", .becomes("script-src 'self\u{0}' {L}")),
        Row("an expression without its quotes is a host", "script-src self", .becomes("script-src self {L}")),
        Row("typographic quotes are no ASCII", "script-src ‘self’"),
        Row("unknown keywords stay", "script-src 'future-keyword'", .becomes("script-src 'future-keyword' {L}")),
    ]

    @Test(arguments: rows) func row(_ row: Row) throws { try row.check() }
}
