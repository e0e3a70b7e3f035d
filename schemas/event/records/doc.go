// Package records holds the kinds of records besides scans and images: what a
// record of each kind may hold, under which rule it is kept, and by which keys
// it may be found again. A kind is data, a line in one of the files *.yaml, one
// file a system of records; README.md describes their form. Checks are pure.
package records
