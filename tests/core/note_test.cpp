// Notes are lines on stderr, and nothing ends where these cannot be written.
#include "../catch.hpp"
#include "../datasets/temporary_folder.hpp"

#include <walt/core/note.hpp>
#include <walt/io/read_file.hpp>

namespace {
/// While one lives, stderr is that file.
class stderr_is {
  public:
    explicit stderr_is(const std::filesystem::path& file)
        : before_(::dup(2)), now_(::open(file.c_str(), O_WRONLY | O_CREAT, 0666)) {
        REQUIRE((before_ >= 0 && now_ >= 0));
        ::dup2(now_, 2);
    }
    stderr_is(const stderr_is&) = delete;
    stderr_is& operator=(const stderr_is&) = delete;
    ~stderr_is() {
        ::dup2(before_, 2);
        ::close(before_);
        ::close(now_);
    }

  private:
    int before_, now_;
};
} // namespace

TEST_CASE("a note is a line on stderr, or nothing where it cannot be written") {
    const temporary_folder folder;
    {
        const stderr_is file(folder.path / "said");
        walt::detail::note("{} of {{{}}}", "one", 2);
    }
    const auto bytes = walt::read_file(folder.path / "said");
    CHECK(std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()) == "walt: one of {2}\n");
    const stderr_is full("/dev/full");
    CHECK_NOTHROW(walt::detail::note("nobody hears {}", "this"));
}
