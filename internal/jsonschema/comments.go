package jsonschema

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
)

// Comments are the sentences that source has about its types, by type name, and about
// their fields, by "Type.Field".
type Comments map[string]string

// ReadComments collects them from the Go files of directories.
func ReadComments(dirs ...string) (Comments, error) {
	comments := Comments{}
	for _, dir := range dirs {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
			if err != nil {
				return nil, err
			}
			for _, declaration := range parsed.Decls {
				if types, ok := declaration.(*ast.GenDecl); ok && types.Tok == token.TYPE {
					comments.add(types)
				}
			}
		}
	}
	return comments, nil
}

func (c Comments) add(types *ast.GenDecl) {
	for _, spec := range types.Specs {
		named := spec.(*ast.TypeSpec)
		structure, ok := named.Type.(*ast.StructType)
		if !ok {
			continue
		}
		c[named.Name.Name] = sentence(types.Doc, named.Doc)
		for _, field := range structure.Fields.List {
			for _, name := range field.Names {
				c[named.Name.Name+"."+name.Name] = sentence(field.Doc, field.Comment)
			}
		}
	}
}

// sentence is the first of the comments that says anything, on one line.
func sentence(groups ...*ast.CommentGroup) string {
	for _, group := range groups {
		if text := strings.Join(strings.Fields(group.Text()), " "); text != "" {
			return text
		}
	}
	return ""
}
