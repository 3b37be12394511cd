package classify

// skip passes over the value at i, whatever it is, and tells what it saw in it. depth objects and arrays are around. It keeps
// a bit for each open bracket, and no stack of calls, so that a line of brackets costs no memory. -1: it is no JSON.
func (w *worker) skip(i, depth int) (end int, seen flags) {
	b := w.buf
	var objects [MaxDepth/64 + 1]uint64 // which of the open brackets are braces
	open := 0
	for {
		switch c := b[i]; c {
		case '"':
			end, s := scanString(b, i+1)
			if s&malformed != 0 {
				return w.noJSON(end), 0
			}
			i, seen = end+1, seen|s
		case '{', '[':
			if open++; open+depth > MaxDepth {
				return w.tooDeep(i), 0
			}
			next := space(b, i+1)
			if next != i+1 {
				seen |= rewritten
			}
			i = next
			place, bit := open>>6, uint64(1)<<(open&63)
			if b[i] == c+2 { // the brackets of a kind are two apart
				i++
				open--
				break
			}
			if c == '[' {
				objects[place] &^= bit
				continue
			}
			objects[place] |= bit
			if i, seen = w.skipKey(i, seen); i < 0 {
				return -1, 0
			}
			continue
		case 't', 'f', 'n':
			end, s := scanName(b, i)
			if s&malformed != 0 {
				return w.noJSON(end), 0
			}
			i = end
		default:
			end, s, _ := scanNumber(b, i)
			if s&malformed != 0 {
				return w.noJSON(end), 0
			}
			i, seen = end, seen|s
		}
		if i, open, seen = w.skipBehind(i, open, seen, &objects); i < 0 || open == 0 {
			return i, seen
		}
	}
}

// skipBehind goes from the end of a value to the next one, closing brackets on its way.
func (w *worker) skipBehind(i, open int, seen flags, objects *[MaxDepth/64 + 1]uint64) (int, int, flags) {
	b := w.buf
	for open > 0 {
		if b[i] <= ' ' {
			i, seen = space(b, i), seen|rewritten
		}
		isObject := objects[open>>6]>>(open&63)&1 != 0
		switch {
		case b[i] == ',':
			if i++; b[i] <= ' ' {
				i, seen = space(b, i), seen|rewritten
			}
			if isObject {
				i, seen = w.skipKey(i, seen)
			}
			return i, open, seen
		case isObject && b[i] == '}' || !isObject && b[i] == ']':
			i++
			open--
		default:
			return w.noJSON(i), open, seen
		}
	}
	return i, 0, seen
}

// skipKey passes over a name and its colon, up to the value.
func (w *worker) skipKey(i int, seen flags) (int, flags) {
	b := w.buf
	if b[i] != '"' {
		return w.noJSON(i), seen
	}
	end, s := scanString(b, i+1)
	if s&malformed != 0 {
		return w.noJSON(end), seen
	}
	i, seen = end+1, seen|s
	if b[i] != ':' {
		if i, seen = space(b, i), seen|rewritten; b[i] != ':' {
			return w.noJSON(i), seen
		}
	}
	if i++; b[i] <= ' ' {
		i, seen = space(b, i), seen|rewritten
	}
	return i, seen
}

// noJSON and tooDeep note what is wrong with the text, and where.
func (w *worker) noJSON(at int) int {
	w.trouble, w.troubleAt = troubleSyntax, at
	return -1
}

func (w *worker) tooDeep(at int) int {
	w.trouble, w.troubleAt = troubleDepth, at
	return -1
}
