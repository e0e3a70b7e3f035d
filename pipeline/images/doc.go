// Package images takes pictures of mail in, packs them sealed into objects, and
// reads them back: see README.md beside this file for the door, the form of a
// pack, and what is promised.
package images
