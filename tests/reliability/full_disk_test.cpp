// A disk that is full: the training ends with a sentence and keeps what it has saved, and goes on when there is room.
#include "trainings.hpp"

#include <sys/mount.h>

using namespace trainings;

namespace {
constexpr std::int64_t until = 12, every = 2;

/// A disk of so many bytes at a folder, for as long as it lives; where the system lets us, that is.
class small_disk {
  public:
    small_disk(path at, std::size_t bytes) : at_(std::move(at)) {
        std::filesystem::create_directories(at_);
        made_ = ::mount("none", at_.c_str(), "tmpfs", 0, fmt::format("size={}", bytes).c_str()) == 0;
    }
    small_disk(const small_disk&) = delete;
    small_disk& operator=(const small_disk&) = delete;
    ~small_disk() {
        if (made_) ::umount2(at_.c_str(), MNT_DETACH);
    }
    bool made() const { return made_; }
    void resize(std::size_t bytes) const {
        REQUIRE(::mount("none", at_.c_str(), "tmpfs", MS_REMOUNT, fmt::format("size={}", bytes).c_str()) == 0);
    }

  private:
    path at_;
    bool made_ = false;
};
} // namespace

TEST_CASE("files that may not grow end a training with a sentence, and what was saved stays") {
    const undisturbed whole(until, every, memory());
    const temporary_folder place(memory());
    const path folder = place.path / "run";
    const auto state = std::filesystem::file_size(whole.folder() / "state.safetensors");
    int sentences = 0;
    for (const std::uintmax_t largest : {std::uintmax_t{0}, std::uintmax_t{1}, std::uintmax_t{100}, std::uintmax_t{500},
                                         std::uintmax_t{1000}, std::uintmax_t{2000}, state / 2, state - 100}) {
        std::filesystem::remove_all(folder);
        process before(folder, 6, every);
        REQUIRE(before.wait().status == 0);
        std::filesystem::remove(folder / "weights.safetensors");
        const std::string saved = text_of(folder / "state.safetensors");
        around full;
        full.largest_file = largest;
        process run(folder, until, every, full);
        const ending how = run.wait();
        INFO("files of at most " << largest << " bytes: " << how.said);
        CHECK(how.status == 1);
        CHECK(how.said.find("File too large") != how.said.npos);
        sentences += how.status == 1;
        const int unsaid = how.said.find("could not be added") != how.said.npos;
        whole.check_left(folder, false, unsaid);
        CHECK((text_of(folder / "state.safetensors") == saved));
        process next(folder, until, every);
        REQUIRE(next.wait().status == 0);
        whole.check_ended(folder);
    }
    WARN(sentences << " sizes that files may have, each said");
}

TEST_CASE("a disk that is full ends a training with a sentence, and what was saved stays") {
    const undisturbed whole(until, every, memory());
    const temporary_folder place;
    const path disk = place.path / "disk", folder = disk / "run";
    std::size_t room = 64 << 10;
    const small_disk small(disk, room);
    if (!small.made()) {
        WARN("not tried: no disk may be mounted here");
        return;
    }
    int sentences = 0, unsaid = 0;
    std::int64_t saved = 0;
    for (ending how; how.status != 0; room += 16 << 10) { // until it fits
        REQUIRE(room < (1 << 20));
        small.resize(room);
        process run(folder, until, every);
        how = run.wait();
        INFO("a disk of " << room << " bytes: " << how.said);
        REQUIRE((how.status == 0 || how.status == 1));
        CHECK((how.status == 0 || how.said.find("No space left on device") != how.said.npos));
        sentences += how.status;
        unsaid += how.said.find("could not be added") != how.said.npos;
        const std::int64_t now = whole.check_left(folder, false, unsaid);
        CHECK(now >= saved);
        saved = now;
    }
    whole.check_ended(folder, unsaid);
    CHECK(sentences > 2);
    WARN(sentences << " times a disk was full, each said");
}
