package strict

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// A Document is one YAML document of a file.
type Document struct {
	File string
	Line int    // of its first line in the file, from 1
	Text string // as it stands in the file, without the marker before it
	Root Node
}

// Read reads every document of a file; data is its content and file its name as people shall see it. Documents without
// content are left out, and so are those that are not YAML: these are reported to problems, as is everything that is found
// wrong later, by reading the documents' nodes.
func Read(file string, data []byte, problems *Problems) []Document {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if p, ok := badByte(file, data); ok {
		problems.Add(p)
		return nil
	}
	var docs []Document
	for _, doc := range split(file, string(data)) {
		if doc.parse(problems) {
			docs = append(docs, doc)
		}
	}
	return docs
}

// split cuts a file at the lines that begin with the marker "---", which YAML allows nowhere else. Each document is parsed
// alone, so that a syntax error in one hides nothing of the others.
func split(file, data string) []Document {
	docs := []Document{{File: file, Line: 1}}
	line := 0
	for text := range strings.Lines(data) {
		line++
		if rest, ok := strings.CutPrefix(text, "---"); ok && (rest == "" || strings.ContainsRune(" \t\r\n", rune(rest[0]))) {
			// What follows the marker on its line belongs to the document, in the column where it stands.
			docs = append(docs, Document{File: file, Line: line})
			text = "   " + rest
			if strings.TrimSpace(rest) == "" {
				docs[len(docs)-1].Line = line + 1
				continue
			}
		}
		docs[len(docs)-1].Text += text
	}
	return docs
}

// parse fills doc.Root and reports whether the document has content.
func (doc *Document) parse(problems *Problems) bool {
	d := yaml.NewDecoder(strings.NewReader(doc.Text))
	var parsed yaml.Node
	if err := d.Decode(&parsed); err != nil {
		if err.Error() != "EOF" { // nothing but comments
			problems.Add(doc.syntaxError(err))
		}
		return false
	}
	if err := d.Decode(new(yaml.Node)); err == nil || err.Error() != "EOF" {
		problems.Add(Problem{File: doc.File, Line: doc.Line, Text: `behind the end of a document, "...", there is more`,
			Hint: `begin each document with a line "---"`})
	}
	if len(parsed.Content) == 0 || parsed.Content[0].ShortTag() == "!!null" && parsed.Content[0].Value == "" {
		return false
	}
	doc.Root = Node{file: doc.File, line: doc.Line - 1, name: "the document", yaml: parsed.Content[0], problems: problems}
	doc.Root.refuseAliases()
	return true
}

// badByte finds the first character that YAML does not allow, or that starts a new line for YAML and for nobody else.
func badByte(file string, data []byte) (Problem, bool) {
	line, column := 1, 1
	for rest := data; len(rest) > 0; column++ {
		r, size := utf8.DecodeRune(rest)
		switch {
		case r == utf8.RuneError && size == 1:
			return Problem{file, line, column, fmt.Sprintf("the byte 0x%02x is not UTF-8", rest[0]), "save the file as UTF-8"}, true
		case r == '\r' && !bytes.HasPrefix(rest, []byte("\r\n")):
			return Problem{file, line, column, "a carriage return without a line feed", "save the file with line ends as on Unix"}, true
		case r == '\u0085', r == '\u2028', r == '\u2029':
			return Problem{file, line, column, fmt.Sprintf("the invisible line break %U", r),
				fmt.Sprintf(`in a text in double quotes, write it as \u%04x`, r)}, true
		case r < ' ' && r != '\n' && r != '\t' && r != '\r', r == 0x7f:
			return Problem{file, line, column, fmt.Sprintf("the control character 0x%02x", r),
				fmt.Sprintf(`in a text in double quotes, write it as \x%02x`, r)}, true
		case r == '\n':
			line, column = line+1, 0
		}
		rest = rest[size:]
	}
	return Problem{}, false
}

var (
	errorLine     = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)$`)
	unknownAnchor = regexp.MustCompile(`unknown anchor '(.*)' referenced`)
	// The library counts lines from 0 in the errors of its parser, from 1 in those of its scanner; these are the parser's.
	parserError = regexp.MustCompile(`did not find expected (key|node content|',' or '[]}]'|'-' indicator|<document start>)`)
)

// syntaxError puts an error of the library at its place in the file.
func (doc *Document) syntaxError(err error) Problem {
	line, text := 1, err.Error()
	if m := errorLine.FindStringSubmatch(text); m != nil {
		text = m[2]
		if n, err := strconv.Atoi(m[1]); err == nil {
			line = n
		}
		if m[1] != "" && parserError.MatchString(text) {
			line++
		}
	}
	if m := unknownAnchor.FindStringSubmatch(text); m != nil {
		before, _, _ := strings.Cut(doc.Text, "*"+m[1])
		line = 1 + strings.Count(before, "\n")
		return Problem{File: doc.File, Line: doc.Line - 1 + line, Text: "the alias *" + m[1], Hint: aliasHint}
	}
	lines := strings.Count(strings.TrimRight(doc.Text, "\n"), "\n") + 1
	return Problem{File: doc.File, Line: doc.Line - 1 + min(line, lines), Text: "this is not YAML: " + text, Hint: syntaxHint(text)}
}

// syntaxHint names the usual cause of an error of the library.
func syntaxHint(text string) string {
	switch {
	case strings.Contains(text, "mapping values are not allowed"):
		return `a text with ": " in it needs quotes; a key stands below the one before it, no further to the right`
	case strings.Contains(text, "tab character") || strings.Contains(text, "cannot start any token"):
		return "indent with spaces, and put a text that begins with a special character in quotes"
	case strings.Contains(text, "unexpected end of stream"):
		return "a quote is opened and not closed"
	case strings.Contains(text, "',' or"):
		return "a bracket is opened and not closed"
	case strings.Contains(text, "expected key"):
		return "look at the indentation of this line and those before it"
	}
	return ""
}
