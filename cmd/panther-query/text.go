package main

// A text is the statement as DuckDB runs it: what a person wrote, with insertions. Positions in it lead back.
type text struct {
	sql      string
	inserted []insertion // by at
}

// An insertion is so many bytes that stand at a position of the text and not in what was written.
type insertion struct{ at, bytes int }

// insert adds text at a position. Insertions are made from the front to the back.
func (t *text) insert(at int, s string) {
	t.sql = t.sql[:at] + s + t.sql[at:]
	t.inserted = append(t.inserted, insertion{at, len(s)})
}

// back returns where a position of the text is in what was written.
func (t *text) back(at int) int {
	written := at
	for _, i := range t.inserted {
		switch {
		case at >= i.at+i.bytes:
			written -= i.bytes
		case at >= i.at:
			written -= at - i.at
		}
	}
	return written
}

// end returns where the first statement ends: at its semicolon, or at the end. It knows quotes and comments.
func end(sql string) int {
	for i := 0; i < len(sql); {
		if sql[i] == ';' {
			return i
		}
		i = next(sql, i)
	}
	return len(sql)
}

// paren returns the position behind the parenthesis that opens behind the name at a position; -1 if there is none.
func paren(sql string, at int) int {
	for i := next(sql, at); i < len(sql); i = next(sql, i) {
		switch {
		case sql[i] == '(':
			return i + 1
		case !blank(sql, i):
			return -1
		}
	}
	return -1
}

// blank reports whether a space or a comment is at i.
func blank(sql string, i int) bool {
	switch sql[i] {
	case ' ', '\t', '\n', '\r', '\f', '\v':
		return true
	}
	return startsComment(sql, i)
}

func startsComment(sql string, i int) bool {
	return i+1 < len(sql) && (sql[i:i+2] == "--" || sql[i:i+2] == "/*")
}

// next returns where the token at i ends: a word, a quoted text, a comment, or one byte.
func next(sql string, i int) int {
	switch c := sql[i]; {
	case startsComment(sql, i):
		return comment(sql, i)
	case c == '\'' || c == '"':
		return quoted(sql, i, i > 0 && c == '\'' && (sql[i-1] == 'e' || sql[i-1] == 'E') && (i == 1 || !inWord(sql[i-2])))
	case c == '$' && (i == 0 || !inWord(sql[i-1])):
		return dollars(sql, i)
	case inWord(c):
		for i < len(sql) && inWord(sql[i]) {
			i++
		}
		return i
	}
	return i + 1
}

func inWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || c >= 0x80
}

// comment returns the end of the comment at i; those of C nest.
func comment(sql string, i int) int {
	if sql[i] == '-' {
		for i < len(sql) && sql[i] != '\n' {
			i++
		}
		return i
	}
	depth := 0
	for ; i+1 < len(sql); i++ {
		switch sql[i : i+2] {
		case "/*":
			depth++
			i++
		case "*/":
			depth--
			i++
		}
		if depth == 0 {
			return i + 1
		}
	}
	return len(sql)
}

// quoted returns the end of the text in quotes at i, in which quotes are doubled, or escaped if that is allowed.
func quoted(sql string, i int, escapes bool) int {
	q := sql[i]
	for i++; i < len(sql); i++ {
		switch {
		case escapes && sql[i] == '\\':
			i++
		case sql[i] == q && i+1 < len(sql) && sql[i+1] == q:
			i++
		case sql[i] == q:
			return i + 1
		}
	}
	return len(sql)
}

// dollars returns the end of the text between $tag$ and $tag$ at i; of a dollar that begins none, the next byte.
func dollars(sql string, i int) int {
	tag := i + 1
	for tag < len(sql) && inWord(sql[tag]) {
		tag++
	}
	if tag >= len(sql) || sql[tag] != '$' {
		return i + 1
	}
	mark := sql[i : tag+1]
	for j := tag + 1; j+len(mark) <= len(sql); j++ {
		if sql[j:j+len(mark)] == mark {
			return j + len(mark)
		}
	}
	return len(sql)
}
