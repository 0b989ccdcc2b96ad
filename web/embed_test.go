package web

import (
	"io/fs"
	"testing"
)

func TestThereIsAlwaysAPageToServe(t *testing.T) {
	if _, err := fs.ReadFile(FS(), "index.html"); err != nil {
		t.Fatal(err)
	}
}
