# Finds a JDK and builds; sourced by the launchers, which set
#   program  their name, for messages
#   home     the project's folder
wanted=25

# Whether a folder has a JDK (not only a JRE) that is new enough.
is_jdk() {
  [ -x "$1/bin/javac" ] && [ -r "$1/release" ] || return 1
  local version
  version=$(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$1/release")
  [ -n "$version" ] && [ "$version" -ge "$wanted" ]
}

find_jdk() {
  local candidate java
  java=$(command -v javac || true)
  if [ -n "$java" ] && command -v realpath >/dev/null; then java=$(realpath "$java"); fi
  for candidate in "${JAVA_HOME:-}" "${java%/bin/javac}" /usr/lib/jvm/* /opt/java/* /opt/jdk* \
      /Library/Java/JavaVirtualMachines/*/Contents/Home "$HOME"/.sdkman/candidates/java/* \
      "$HOME"/.jdks/* "$HOME"/.local/share/mise/installs/java/* "$HOME"/.asdf/installs/java/*; do
    if [ -n "$candidate" ] && is_jdk "$candidate"; then
      echo "$candidate"
      return
    fi
  done
  echo "$program: no JDK $wanted or newer found in JAVA_HOME, PATH or the usual folders;" \
    "install one and set JAVA_HOME to it" >&2
  return 1
}

# Whether a module has no build yet, or a source is newer than it.
is_stale() {
  local app=$home/$1/target/app
  [ -f "$app/.built" ] || return 0
  local newer
  newer=$(find "$home/pom.xml" "$home"/*/pom.xml "$home"/*/src/main \
    "$home/src/test/python/mstc-cloud-worker/main.py" -newer "$app/.built" -type f -print -quit)
  [ -n "$newer" ]
}

# Builds modules, separated by commas, each into its target/app with all its libraries.
build() {
  local maven=mvn
  command -v mvn >/dev/null || maven=$home/mvnw
  echo "$program: building with $(basename "$maven"); the first time it fetches libraries, which takes a minute or two" >&2
  # Otherwise old versions of libraries would stay beside the new ones on the class path.
  local module modules=$1
  for module in ${modules//,/ }; do rm -rf "$home/$module/target/app"; done
  local log
  log=$(mktemp)
  if ! JAVA_HOME=$JAVA_HOME "$maven" -f "$home/pom.xml" --batch-mode --no-transfer-progress \
      -Dmaven.test.skip=true -pl "$modules" -am package >"$log" 2>&1; then
    cat "$log" >&2
    rm -f "$log"
    echo "$program: the build failed, see above" >&2
    return 1
  fi
  rm -f "$log"
  for module in ${modules//,/ }; do touch "$home/$module/target/app/.built"; done
}

# The JVM names files in the locale's encoding: if none is set, only ASCII names work for objects and files.
case ${LC_ALL:-${LC_CTYPE:-${LANG:-}}} in
  *[Uu][Tt][Ff]8* | *[Uu][Tt][Ff]-8*) ;;
  *) export LC_ALL=C.UTF-8 ;;
esac
