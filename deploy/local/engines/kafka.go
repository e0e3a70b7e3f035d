package engines

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
)

// Kafka is Apache Kafka, ready to be started.
type Kafka struct {
	// Java is the path of the java program.
	Java string
	// Jars is the folder with all jars of the class path.
	Jars string
}

// kafkaVersion is the version that pom.xml names.
const kafkaVersion = "4.1.0"

// kafkaHash is the SHA-256 of the lines "name sha256\n" of all jars, sorted by name, that pom.xml resolves to.
const kafkaHash = "4f7a5dd72543e467a34e809efefca52a2d15093326097b1e18bd47db4279938d"

//go:embed pom.xml
var pom []byte

// Kafka finds Apache Kafka's jars in the cache, or fetches them with Maven (54 MB). It is for tests and benchmarks; the embedded stack
// has a broker of its own.
func (f *Fetcher) Kafka(ctx context.Context) (Kafka, error) {
	java, err := f.need(ctx, tool{name: "java", debian: "default-jre-headless", brew: "openjdk", why: "Apache Kafka runs on it"})
	if err != nil {
		return Kafka{}, err
	}
	dir, err := f.obtain(ctx, "kafka-"+kafkaVersion, kafkaHash, f.fetchKafka)
	if err != nil {
		return Kafka{}, fmt.Errorf("fetching Apache Kafka: %w", err)
	}
	return Kafka{Java: java, Jars: filepath.Join(dir, "lib")}, nil
}

func (f *Fetcher) fetchKafka(ctx context.Context, dir string) ([]string, error) {
	mvn, err := f.need(ctx, tool{name: "mvn", debian: "maven", brew: "maven", why: "it fetches Apache Kafka"})
	if err != nil {
		return nil, err
	}
	f.say("fetching Apache Kafka %s (54 MB) with Maven, for the tests against a real broker; it is kept in %s", kafkaVersion, dir)
	if err := os.WriteFile(filepath.Join(dir, "pom.xml"), pom, 0o644); err != nil {
		return nil, err
	}
	lib := filepath.Join(dir, "lib")
	stop := f.watch("fetching Apache Kafka", 54_000_000, func() int64 { return folderSize(lib) })
	err = run(ctx, dir, os.Environ(), mvn, "-q", "-B", "dependency:copy-dependencies", "-DoutputDirectory=lib", "-DincludeScope=runtime")
	stop()
	if err != nil {
		return nil, err
	}
	jars, hash, err := hashJars(lib)
	if err != nil {
		return nil, err
	}
	if hash != kafkaHash {
		return nil, fmt.Errorf("the jars are not what was pinned: sha256 over them is %s, want %s; nothing of it was used", hash, kafkaHash)
	}
	return jars, nil
}

// hashJars returns the names of the jars relative to the folder above, and the hash over their names and contents.
func hashJars(lib string) ([]string, string, error) {
	jars, err := filepath.Glob(filepath.Join(lib, "*.jar"))
	if err != nil {
		return nil, "", err
	}
	sort.Strings(jars)
	all := sha256.New()
	names := make([]string, len(jars))
	for i, jar := range jars {
		sum, err := hashFile(jar)
		if err != nil {
			return nil, "", fmt.Errorf("checking what was fetched: %w", err)
		}
		fmt.Fprintf(all, "%s %s\n", filepath.Base(jar), sum)
		names[i] = filepath.Join(filepath.Base(lib), filepath.Base(jar))
	}
	return names, hex.EncodeToString(all.Sum(nil)), nil
}

func hashFile(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	_, err = io.Copy(sum, file)
	return hex.EncodeToString(sum.Sum(nil)), errors.Join(err, file.Close())
}
