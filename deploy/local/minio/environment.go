package minio

import (
	"os"
	"path/filepath"
	"strings"
	"time"
)

// trashEvery is how often MinIO empties its trash; a look into an empty one costs next to nothing.
const trashEvery = time.Second

// environment is everything that MinIO is told, besides where it listens and its drive.
func (s *Server) environment() []string {
	env := []string{
		"MINIO_ROOT_USER=" + AccessKey,
		"MINIO_ROOT_PASSWORD_FILE=" + s.paths.secret,
		"HOME=" + filepath.Dir(s.paths.store), // where it makes a folder .minio
		"MINIO_BROWSER=off",
		"MINIO_UPDATE=off",
		"MINIO_CALLHOME_ENABLE=off",
		"MINIO_SCANNER_SPEED=default",
		"MINIO_API_STALE_UPLOADS_EXPIRY=" + s.clean.String(),
		"MINIO_API_STALE_UPLOADS_CLEANUP_INTERVAL=" + s.clean.String(),
		"MINIO_API_DELETE_CLEANUP_INTERVAL=" + trashEvery.String(),
	}
	for _, name := range []string{"PATH", "TMPDIR", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR"} {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	return env
}

// arguments is how it is started.
func (s *Server) arguments() []string {
	return []string{"server", "--quiet", "--json", "--anonymous", "--certs-dir", s.paths.certs, "--address", s.config.Addr, s.paths.store}
}

// taken tells that the port was taken by another.
func taken(said string) bool {
	return strings.Contains(said, "address already in use") || strings.Contains(said, "port is already in use")
}
