// Package web holds the built web page. The page is built with Node into dist
// (make web) and travels inside the binary; dist/.keep lets Go build before
// the page was ever built.
package web

import (
	"embed"
	"io/fs"
)

//go:embed all:dist unbuilt
var files embed.FS

// FS returns the files of the page with index.html at the root. When the page
// was not built, index.html is one that says how to build it.
func FS() fs.FS {
	if built, err := fs.Sub(files, "dist"); err == nil {
		if _, err := fs.Stat(built, "index.html"); err == nil {
			return built
		}
	}
	unbuilt, err := fs.Sub(files, "unbuilt")
	if err != nil {
		return files
	}
	return unbuilt
}
