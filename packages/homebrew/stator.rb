# The Homebrew formula of a release: deploy/release/build fills in the version and the checksums. On Linux it installs the
# static program; on macOS it builds one.
class Stator < Formula
  desc "DynamoDB-compatible database in one program"
  homepage "https://github.com/stator-db/stator"
  version "@VERSION@"
  license "Apache-2.0"

  on_linux do
    on_intel do
      url "https://github.com/stator-db/stator/releases/download/v@VERSION@/stator-@VERSION@-x86_64-unknown-linux-musl.tar.gz"
      sha256 "@SHA256 x86_64-unknown-linux-musl@"
    end
    on_arm do
      url "https://github.com/stator-db/stator/releases/download/v@VERSION@/stator-@VERSION@-aarch64-unknown-linux-musl.tar.gz"
      sha256 "@SHA256 aarch64-unknown-linux-musl@"
    end
  end
  on_macos do
    url "https://github.com/stator-db/stator.git", tag: "v@VERSION@"
    depends_on "rust" => :build
  end

  def install
    if OS.mac?
      system "cargo", "install", *std_cargo_args(path: "crates/server")
      generate_completions_from_executable(bin/"stator", "completions")
      (man1/"stator.1").write Utils.safe_popen_read(bin/"stator", "man")
    else
      bin.install "stator"
      man1.install "stator.1"
      bash_completion.install "completions/stator.bash" => "stator"
      zsh_completion.install "completions/_stator"
      fish_completion.install "completions/stator.fish"
    end
  end

  service do
    run [opt_bin/"stator", "serve", "--data", var/"stator"]
    keep_alive true
    log_path var/"log/stator.log"
    error_log_path var/"log/stator.log"
  end

  test do
    port_file = testpath/"port"
    server = spawn bin/"stator", "serve", "--memory", "--listen", "127.0.0.1:0", "--port-file", port_file
    sleep 0.1 until port_file.exist?
    system bin/"stator", "health", "http://127.0.0.1:#{port_file.read.strip}"
  ensure
    Process.kill "TERM", server
    Process.wait server
  end
end
