// Package picture measures how many pictures of mailpieces are read right, refused, missed and, what may never be, wrong.
//
//	go test ./bench/picture -count=1 -v -args -long
//
// takes about five minutes. Without -long there are a few pictures of each kind, and only what never may happen is asserted.
package picture
