// SPDX-License-Identifier: Apache-2.0

package uci

import "strings"

// show writes a package as `uci -X show conf` does.
func show(pkg *Package) string {
	var b strings.Builder
	for _, s := range pkg.Sections {
		b.WriteString("conf." + s.Name + "=" + s.Type + "\n")
		for _, o := range s.Options {
			values := make([]string, len(o.Values))
			for i, v := range o.Values {
				values[i] = uciWord(v)
			}
			b.WriteString("conf." + s.Name + "." + o.Name + "=" + strings.Join(values, " ") + "\n")
		}
	}
	return b.String()
}

// oddFile is a file that shows a rule of the grammar.
type oddFile struct {
	name, text string
	show       string // What `uci -X show` says; "" when it is not a configuration or empty.
	line       int    // Of the syntax error; 0 for none.
}

// oddFiles is what Parse is held to, and the real uci where there is one.
var oddFiles = []oddFile{
	{name: "empty"},
	{name: "only blanks and comments", text: " \n\t\r\n# config x\n   # y"},
	{name: "named section", text: "config oidc 'default'\n\toption enabled '0'\n", show: "conf.default=oidc\nconf.default.enabled='0'\n"},
	{name: "no newline at the end", text: "config oidc default\noption a b", show: "conf.default=oidc\nconf.default.a='b'\n"},
	{name: "no quotes", text: "config oidc default\n option a b\n list c d\n", show: "conf.default=oidc\nconf.default.a='b'\nconf.default.c='d'\n"},
	{name: "double quotes", text: "config \"oidc\" \"default\"\n option \"a\" \"b c\"\n", show: "conf.default=oidc\nconf.default.a='b c'\n"},
	{name: "single quote inside", text: "config t n\n option a 'it'\\''s'\n", show: "conf.n=t\nconf.n.a='it'\\''s'\n"},
	{name: "quotes joined", text: "config t n\n option a 'x y'\"z w\"v\\ u\n", show: "conf.n=t\nconf.n.a='x yz wv u'\n"},
	{name: "backslash in single quotes stays", text: "config t n\n option a 'x\\ny'\n", show: "conf.n=t\nconf.n.a='x\\ny'\n"},
	{name: "backslash in double quotes goes", text: "config t n\n option a \"x\\ny\\\"z\\\\\"\n", show: "conf.n=t\nconf.n.a='xny\"z\\'\n"},
	{name: "value over two lines", text: "config t n\n option a 'x\ny'\n option b c\n", show: "conf.n=t\nconf.n.a='x\ny'\nconf.n.b='c'\n"},
	{name: "double quotes over two lines", text: "config t n\n option a \"x\ny\"\n", show: "conf.n=t\nconf.n.a='x\ny'\n"},
	{name: "line continued", text: "config t \\\nn\n option a \\\nb\n", show: "conf.n=t\nconf.n.a='b'\n"},
	{name: "line continued inside a word", text: "config t n\n option a b\\\nc\n", show: "conf.n=t\nconf.n.a='bc'\n"},
	{name: "line continued with a blank ends the word", text: "config t n\n option a b\\\n c\n", line: 3},
	{name: "continuation that begins with blanks is an empty word", text: "config t \\\n n\n", line: 2},
	{name: "line continued with CRLF", text: "config t \\\r\nn\r\n", show: "conf.n=t\n"},
	{name: "line continued in double quotes", text: "config t n\n option a \"b\\\nc\"\n", show: "conf.n=t\nconf.n.a='bc'\n"},
	{name: "line continued in double quotes with CRLF", text: "config t n\r\n option a \"b\\\r\nc\"\r\n", show: "conf.n=t\nconf.n.a='bc'\n"},
	{name: "backslash at the end of the file", text: "config t n\n option a b\\", show: "conf.n=t\nconf.n.a='b'\n"},
	{name: "CRLF", text: "config t n\r\n\toption a b\r\n\toption c 'd'\r\n", show: "conf.n=t\nconf.n.a='b'\nconf.n.c='d'\n"},
	{name: "comment behind a value", text: "config t n # x\n option a b # y\n option c 'd'# z\n", show: "conf.n=t\nconf.n.a='b'\nconf.n.c='d'\n"},
	{name: "comment in the middle of a word", text: "config t n\n option a b#c d\n", show: "conf.n=t\nconf.n.a='b'\n"},
	{name: "hash in quotes or escaped is none", text: "config t n\n option a '#b'\n option c \"#d\"\n option e \\#f\n", show: "conf.n=t\nconf.n.a='#b'\nconf.n.c='#d'\nconf.n.e='#f'\n"},
	{name: "comment line is not continued", text: "# x \\\nconfig t n\n", show: "conf.n=t\n"},
	{name: "comment instead of a value", text: "config t n\n option a #b\n", show: "conf.n=t\n"},
	{name: "abbreviations", text: "p x\nc t n\no a b\nl d e\n", show: "conf.n=t\nconf.n.a='b'\nconf.n.d='e'\n"},
	{name: "package is ignored", text: "package my-conf\nconfig t n\npackage 'x'\noption a b\n", show: "conf.n=t\nconf.n.a='b'\n"},
	{name: "package without a name", text: "package\n", line: 1},
	{name: "package with an odd name", text: "package a/b\n", line: 1},
	{name: "two on a line", text: "config t 'n' ; option a 'b' ; option c 'd'\n", show: "conf.n=t\nconf.n.a='b'\nconf.n.c='d'\n"},
	{name: "semicolon behind quotes", text: "config t 'n';option a 'b';option c 'd';#x\n", show: "conf.n=t\nconf.n.a='b'\nconf.n.c='d'\n"},
	{name: "semicolon behind a bare word swallows the line", text: "config t n\noption a b;option c d\noption e f\n", show: "conf.n=t\nconf.n.a='b'\nconf.n.e='f'\n"},
	{name: "semicolon behind a bare word and no value", text: "config t n\noption a;option c d\n", show: "conf.n=t\n"},
	{name: "semicolon ends the line", text: "config t 'n' ;\n", line: 1},
	{name: "semicolon and blank end the line", text: "config t 'n' ; \n", line: 1},
	{name: "semicolon ends the file", text: "config t 'n' ;", show: "conf.n=t\n"},
	{name: "semicolon and comment end the line", text: "config t 'n' ; # x\n", show: "conf.n=t\n"},
	{name: "semicolon instead of the name", text: "config 't' ; option a b\n", line: 1},
	{name: "semicolon in a value", text: "config t n\n option a 'b;c'\n option d \"e;f\"\n option g h\\;i\n", show: "conf.n=t\nconf.n.a='b;c'\nconf.n.d='e;f'\nconf.n.g='h;i'\n"},
	{name: "empty argument hides the next statement", text: "config t n '' option a b\n", show: "conf.n=t\nconf.n.a='b'\n"},
	{name: "empty argument and a blank", text: "config t n '' \n", line: 1},
	{name: "anonymous sections", text: "config t\n option a b\nconfig u\nconfig t ''\n", show: "conf.cfg01b619=t\nconf.cfg01b619.a='b'\nconf.cfg02b61a=u\nconf.cfg03b619=t\n"},
	{name: "the name of an anonymous section", text: "config t\n option a b\nconfig t cfg01b619\n option c d\n", show: "conf.cfg01b619=t\nconf.cfg01b619.a='b'\nconf.cfg01b619.c='d'\n"},
	{name: "one name, two places", text: "config t n\n option a b\nconfig t m\nconfig t n\n option c d\n", show: "conf.n=t\nconf.n.a='b'\nconf.n.c='d'\nconf.m=t\n"},
	{name: "one name, two types", text: "config t n\nconfig u n\n", line: 2},
	{name: "option twice", text: "config t n\n option a b\n option c d\n option a e\n", show: "conf.n=t\nconf.n.a='e'\nconf.n.c='d'\n"},
	{name: "empty option", text: "config t n\n option a ''\n option b \"\"\n option c\n", show: "conf.n=t\n"},
	{name: "empty option leaves the earlier value", text: "config t n\n option a b\n option a ''\n", show: "conf.n=t\nconf.n.a='b'\n"},
	{name: "list", text: "config t n\n list a b\n option x y\n list a c\n list a ''\n", show: "conf.n=t\nconf.n.a='b' 'c' ''\nconf.n.x='y'\n"},
	{name: "list after option", text: "config t n\n option a b\n option x y\n list a c\n", show: "conf.n=t\nconf.n.a='b' 'c'\nconf.n.x='y'\n"},
	{name: "option after list", text: "config t n\n list a b\n list a c\n option a d\n", show: "conf.n=t\nconf.n.a='d'\n"},
	{name: "empty option after list", text: "config t n\n list a b\n option a ''\n", show: "conf.n=t\nconf.n.a='b'\n"},
	{name: "option before config", text: "option a b\n", line: 1},
	{name: "unknown word", text: "config t n\nuncle a b\n", line: 2},
	{name: "longer than the word", text: "configx t n\n", line: 1},
	{name: "capital letters", text: "Config t n\n", line: 1},
	{name: "keyword in quotes", text: "'config' t n\n", line: 1},
	{name: "config without a type", text: "config\n", line: 1},
	{name: "config without a type, with a blank", text: "config \n", line: 1},
	{name: "config at the end of the file", text: "config", line: 1},
	{name: "config and a blank at the end of the file", text: "config ", line: 1},
	{name: "config with an empty type", text: "config '' n\n", line: 1},
	{name: "config with too much", text: "config t n m\n", line: 1},
	{name: "option without a name", text: "config t n\noption\n", line: 2},
	{name: "option with too much", text: "config t n\n\n option a b c\n", line: 3},
	{name: "name with a dash", text: "config t a-b\n", line: 1},
	{name: "name with an umlaut", text: "config t \xc3\xa4\n", line: 1},
	{name: "option name with a dash", text: "config t n\n option a-b c\n", line: 2},
	{name: "type with odd characters", text: "config t-u/v!\xc3 n\n", line: 1},
	{name: "type with dashes", text: "config t-u/v! n\n", show: "conf.n=t-u/v!\n"},
	{name: "type with a blank", text: "config 't u' n\n", line: 1},
	{name: "bytes that are no UTF-8", text: "config t n\n option a '\xff\xfe\x01'\n", show: "conf.n=t\nconf.n.a='\xff\xfe\x01'\n"},
	{name: "byte order mark", text: "\xef\xbb\xbfconfig t n\n", line: 1},
	{name: "vertical tab does not end a keyword", text: "config\vt n\n", line: 1},
	{name: "vertical tab ends an argument", text: "config t\vn\n option a b\fc\n", line: 2},
	{name: "carriage returns alone", text: "config t n\roption a b\r", line: 1},
	{name: "single quote does not end", text: "config t n\n option a 'b\n option c d\n", line: 2},
	{name: "double quote does not end", text: "config t n\n\n option a \"b\n option c d\n", line: 3},
	{name: "double quote with a backslash at the end", text: "config t n\n option a \"b\\", line: 2},
	{name: "quote opens in a bare word", text: "config t n\n option a b'c d'e\n", show: "conf.n=t\nconf.n.a='bc de'\n"},
	{name: "statements behind a quoted line end", text: "config t n\n option a 'b\nc' ; option d 'e'\n", show: "conf.n=t\nconf.n.a='b\nc'\nconf.n.d='e'\n"},
	{name: "a long line", text: "config t n\n option a '" + strings.Repeat("x", 5000) + "'\n", show: "conf.n=t\nconf.n.a='" + strings.Repeat("x", 5000) + "'\n"},
}
