package page

import (
	"html"
	"html/template"
	"regexp"
	"strings"
)

var (
	boldText = regexp.MustCompile(`\*\*([^*]+)\*\*`)
	codeText = regexp.MustCompile("`([^`]+)`")
	numbers  = regexp.MustCompile(`^\|(-+:?\|)+$|^\|-`)
)

// markdown turns what package tables writes into HTML: tables, bullets, paragraphs, bold
// and code. Everything else in it is text.
func markdown(text string) template.HTML {
	var out strings.Builder
	for _, block := range strings.Split(strings.TrimSpace(text), "\n\n") {
		lines := strings.Split(block, "\n")
		switch {
		case strings.HasPrefix(block, "|"):
			table(&out, lines)
		case strings.HasPrefix(block, "- "):
			out.WriteString("<ul>")
			for _, line := range lines {
				out.WriteString("<li>" + inline(strings.TrimPrefix(line, "- ")) + "</li>")
			}
			out.WriteString("</ul>\n")
		default:
			out.WriteString("<p>" + inline(strings.Join(lines, "\n")) + "</p>\n")
		}
	}
	return template.HTML(out.String())
}

// table writes a header, a line of alignments and rows.
func table(out *strings.Builder, lines []string) {
	var right []bool
	if len(lines) > 1 && numbers.MatchString(lines[1]) {
		for _, mark := range cells(lines[1]) {
			right = append(right, strings.HasSuffix(mark, ":"))
		}
		lines = append(lines[:1:1], lines[2:]...)
	}
	out.WriteString(`<div class="wide"><table>`)
	for i, line := range lines {
		kind := "td"
		if i == 0 {
			kind = "th"
		}
		out.WriteString("<tr>")
		for j, cell := range cells(line) {
			class := ""
			if j < len(right) && right[j] {
				class = ` class="number"`
			}
			out.WriteString("<" + kind + class + ">" + inline(cell) + "</" + kind + ">")
		}
		out.WriteString("</tr>\n")
	}
	out.WriteString("</table></div>\n")
}

// cells splits a row; an escaped bar is part of its cell.
func cells(row string) []string {
	const bar = "\x00"
	row = strings.ReplaceAll(row, `\|`, bar)
	parts := strings.Split(strings.Trim(row, "|"), "|")
	for i := range parts {
		parts[i] = strings.ReplaceAll(strings.TrimSpace(parts[i]), bar, "|")
	}
	return parts
}

func inline(text string) string {
	text = html.EscapeString(text)
	text = boldText.ReplaceAllString(text, "<strong>$1</strong>")
	return codeText.ReplaceAllString(text, "<code>$1</code>")
}
