package resp

// SplitArgs splits a line into words as redis-cli and configuration files write them: separated by blanks, "..." with
// \n \r \t \b \a \xHH escapes, '...' with \' alone. It appends them to args; ok is false if a quote is left open or
// something follows a closing one.
func SplitArgs(line []byte, args [][]byte) (_ [][]byte, ok bool) {
	for {
		for len(line) > 0 && isSpace(line[0]) {
			line = line[1:]
		}
		if len(line) == 0 {
			return args, true
		}
		var word []byte
		var good bool
		if word, line, good = nextWord(line); !good {
			return args, false
		}
		args = append(args, word)
	}
}

func nextWord(line []byte) (word, rest []byte, ok bool) {
	word = []byte{}
	for len(line) > 0 && !isSpace(line[0]) && line[0] != 0 {
		switch line[0] {
		case '"', '\'':
			quoted, after, closed := quotedWord(line)
			if !closed || len(after) > 0 && !isSpace(after[0]) {
				return nil, nil, false
			}
			return append(word, quoted...), after, true
		default:
			word = append(word, line[0])
			line = line[1:]
		}
	}
	if len(line) > 0 && line[0] == 0 {
		line = nil // a line ends at a NUL, as in C
	}
	return word, line, true
}

// quotedWord reads what stands between the quote at the start of line and its fellow.
func quotedWord(line []byte) (word, rest []byte, ok bool) {
	quote := line[0]
	for i := 1; i < len(line); i++ {
		switch c := line[i]; {
		case c == quote:
			return word, line[i+1:], true
		case c != '\\' || i+1 == len(line):
			word = append(word, c)
		case quote == '\'':
			if line[i+1] == '\'' {
				i++
				c = '\''
			}
			word = append(word, c)
		case line[i+1] == 'x' && i+3 < len(line) && isHex(line[i+2]) && isHex(line[i+3]):
			word = append(word, hexValue(line[i+2])<<4|hexValue(line[i+3]))
			i += 3
		default:
			i++
			word = append(word, unescape(line[i]))
		}
	}
	return nil, nil, false
}

func unescape(c byte) byte {
	switch c {
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	case 'b':
		return '\b'
	case 'a':
		return '\a'
	}
	return c
}

func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

func hexValue(c byte) byte {
	switch {
	case c <= '9':
		return c - '0'
	case c >= 'a':
		return c - 'a' + 10
	}
	return c - 'A' + 10
}
