package keys

import (
	"fmt"
	"os"
	"path/filepath"
)

// maxSocketName is how long the name of a socket can be for every kernel (unix(7): 108 bytes with a zero at the end;
// 104 elsewhere).
const maxSocketName = 103

// socketName is a name for the socket at path that the kernel takes: a longer one is named through its folder, where the
// system can do that. done is called when the name was used.
func socketName(path string) (name string, done func(), err error) {
	if len(path) <= maxSocketName {
		return path, func() {}, nil
	}
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return "", nil, err
	}
	name = fmt.Sprintf("/proc/self/fd/%d/%s", folder.Fd(), filepath.Base(path))
	if _, err := os.Stat(filepath.Dir(name)); err != nil || len(name) > maxSocketName {
		_ = folder.Close()
		return "", nil, fmt.Errorf("the path of the socket %s has %d bytes, and this system takes %d: use a shorter one", path, len(path), maxSocketName)
	}
	return name, func() { _ = folder.Close() }, nil
}
