// A training beside processes that take all processors ends, and with the bits that it has alone.
#include "../catch.hpp"

#include <walt/config/denoiser.hpp>
#include <walt/core/philox.hpp>
#include <walt/cpu.hpp>
#include <walt/diffusion/denoising.hpp>
#include <walt/train/trainer.hpp>
#include <walt/transformer/denoiser.hpp>

#include <atomic>
#include <csignal>

#include <omp.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

struct some : walt::denoiser_config {
    static constexpr int frames = 3, height = 6, width = 10, channels = 5, hidden = 96, heads = 3, depth = 2;
    static constexpr walt::window spatiotemporal_window{0, 3, 5};
};

walt::latents batch_of(std::int64_t n) {
    walt::latents batch;
    batch.shape = {3, some::frames, some::height, some::width, some::channels};
    const walt::philox numbers{7, static_cast<std::uint64_t>(n)};
    for (std::uint64_t i = 0; i < 3 * some::frames * some::height * some::width * some::channels; ++i)
        batch.values.push_back(numbers.normal(i));
    return batch;
}

std::vector<float> trained(int threads) {
    omp_set_num_threads(threads);
    walt::cpu::context device;
    walt::denoiser model(device, some{}, walt::compute<walt::bf16>, walt::seed{5});
    walt::trainer run(model, walt::denoising{}, walt::adamw{.learning_rate = 1e-3f});
    REQUIRE(run.run(batch_of, walt::steps{6}));
    return model.host_masters();
}

/// Processes that take what they get of the processors; they end with this object.
class spinning_processes {
  public:
    explicit spinning_processes(long count) {
        for (; count > 0; --count) {
            const ::pid_t child = ::fork();
            REQUIRE(child >= 0);
            if (child == 0) {
                ::prctl(PR_SET_PDEATHSIG, SIGKILL);
                for (std::atomic<int> i{0};;) ++i;
            }
            children_.push_back(child);
        }
    }
    spinning_processes(const spinning_processes&) = delete;
    spinning_processes& operator=(const spinning_processes&) = delete;
    ~spinning_processes() {
        for (const ::pid_t child : children_) {
            ::kill(child, SIGKILL);
            ::waitpid(child, nullptr, 0);
        }
    }

  private:
    std::vector<::pid_t> children_;
};

} // namespace

TEST_CASE("a training beside processes that spin ends, with the bits that it has alone") {
    const std::vector<float> alone = trained(1);
    const spinning_processes others(::sysconf(_SC_NPROCESSORS_ONLN));
    for (const int threads : {2, 3}) CHECK((trained(threads) == alone));
}
