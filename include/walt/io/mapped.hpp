// A model whose blocks stay in their file and come as a pass needs them, read ahead by a thread: for models that are
// larger than the memory. Everything outside of the blocks, and what is read exactly, is resident.
#pragma once

#include "../core/buffer.hpp"
#include "weights.hpp"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace walt {

namespace detail {

/// Where the blocks of the largest repeated part begin, and where the last ends; empty where nothing is repeated.
template <class Part> void largest_repeated(const Part& part, std::vector<shift>& begins) {
    if constexpr (is_repeated<Part>) {
        std::vector<shift> mine;
        for (int i = 0; i <= Part::depth; ++i) mine.push_back(part.begin_of(i));
        const auto extent = [](const auto& of) { return of.empty() ? 0 : of.back().all - of.front().all; };
        if (extent(mine) > extent(begins)) begins = std::move(mine);
    } else if constexpr (!is_parameter<Part>) {
        Part::each(part, [&](auto, const auto& child) { largest_repeated(child, begins); });
    }
}

/// Reads pieces 0, 1, 2 ... of something in a thread of its own, a few ahead of whoever takes them; after the last
/// comes the first. Taken from the last to the first, they are read in this order. T: what they consist of.
template <class T> class read_ahead {
  public:
    /// read(i, values) reads piece i; it is called from the thread.
    read_ahead(int pieces, std::function<void(int, std::vector<T>&)> read)
        : pieces_(pieces), read_(std::move(read)), thread_([this] { run(); }) {}
    read_ahead(const read_ahead&) = delete;
    read_ahead& operator=(const read_ahead&) = delete;
    ~read_ahead() {
        {
            const std::lock_guard lock(mutex_);
            stop_ = true;
        }
        changed_.notify_all();
        thread_.join();
    }

    /// Calls use(the numbers of piece i), once they are there. Throws what reading them threw.
    template <class Use> void take(int i, Use&& use) {
        std::unique_lock lock(mutex_);
        if (!find(i)) { // something else was expected
            step_ = i == (last_ + pieces_ - 1) % pieces_ && pieces_ > 2 ? -1 : 1;
            ++plan_;
            for (stage& s : stages_)
                if (s.ready) {
                    s.piece = -1;
                    s.problem = nullptr;
                }
            next_ = i;
            changed_.notify_all();
        }
        last_ = i;
        changed_.wait(lock, [&] { return find(i) && find(i)->ready; });
        stage& found = *find(i);
        const std::exception_ptr problem = std::exchange(found.problem, nullptr);
        if (!problem) {
            lock.unlock(); // a stage that is ready is left alone
            use(std::span<const T>(found.values));
            lock.lock();
        }
        found.piece = -1;
        changed_.notify_all();
        if (problem) std::rethrow_exception(problem);
    }

  private:
    struct stage {
        std::vector<T> values;
        int piece = -1; ///< -1: free
        int plan = 0;
        bool ready = false;
        std::exception_ptr problem;
    };

    stage* find(int piece) {
        const auto found = std::find_if(stages_.begin(), stages_.end(),
                                        [&](const stage& s) { return s.piece == piece && s.plan == plan_; });
        return found == stages_.end() ? nullptr : &*found;
    }
    stage* free_stage() {
        const auto found = std::find_if(stages_.begin(), stages_.end(), [](const stage& s) { return s.piece < 0; });
        return found == stages_.end() ? nullptr : &*found;
    }

    void run() {
        std::unique_lock lock(mutex_);
        for (;;) {
            changed_.wait(lock, [&] { return stop_ || free_stage(); });
            if (stop_) return;
            stage& s = *free_stage();
            s.piece = next_;
            s.plan = plan_;
            s.ready = false;
            next_ = (next_ + step_ + pieces_) % pieces_;
            lock.unlock();
            try {
                read_(s.piece, s.values);
            } catch (...) {
                s.problem = std::current_exception();
            }
            lock.lock();
            s.ready = true;
            if (s.plan != plan_) { // meanwhile another was asked for
                s.piece = -1;
                s.problem = nullptr;
            }
            changed_.notify_all();
        }
    }

    int pieces_;
    std::function<void(int, std::vector<T>&)> read_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::array<stage, 2> stages_;
    int next_ = 0, step_ = 1, last_ = -1, plan_ = 0;
    bool stop_ = false;
    std::thread thread_;
};

/// The blocks of a model in a file. A block that is leased lies in a slot on the device; two leases at once have two
/// slots.
template <class Context, class T> class mapped_blocks : public block_store<T> {
  public:
    using A = accumulate_t<T>;

    mapped_blocks(Context& ctx, safetensors_file from, const std::vector<parameter_row>& table,
                  std::vector<shift> begins, std::size_t extent, std::size_t exact_extent)
        : ctx_(ctx), file_(std::move(from)), begins_(std::move(begins)), rows_(blocks()),
          outside_(ctx, extent - block_extent()), exact_(ctx, exact_extent) {
        if constexpr (requires { ctx.may_record; }) ctx.may_record = false; // what is fetched cannot be recorded
        std::vector<T> values, staging;
        std::vector<A> exact_values, exact_staging;
        for (const parameter_row& row : table) {
            const int block = block_at(row.offset);
            if (row.exact) {
                exact_values.resize(row.size);
                read_parameter(file_, row, std::span(exact_values), exact_staging);
                ctx.upload(exact_.data() + row.exact_offset, exact_values.data(), row.size * sizeof(A));
            } else if (block >= 0) {
                rows_[static_cast<std::size_t>(block)].push_back(&row);
            } else {
                values.resize(row.size);
                read_parameter(file_, row, std::span(values), staging);
                const std::size_t gap = begins_.empty() || row.offset < begins_.front().all ? 0 : block_extent();
                ctx.upload(outside_.data() + row.offset - gap, values.data(), row.size * sizeof(T));
            }
        }
        if (blocks() > 0)
            ahead_ = std::make_unique<read_ahead<T>>(static_cast<int>(blocks()),
                                                     [this](int i, std::vector<T>& into) { read_block(i, into); });
    }

    walt::weights<T> weights() {
        walt::weights<T> all{outside_.data(), exact_.data(), true, this};
        if (blocks() == 0) return all;
        all.behind = static_cast<std::ptrdiff_t>(begins_.back().all);
        all.gap = static_cast<std::ptrdiff_t>(block_extent());
        return all;
    }

    walt::weights<T> acquire(shift begin, shift, shift by) override {
        walt::weights<T> block = weights();
        block.store = nullptr;
        const int i = block_at(begin.all);
        if (i < 0) return block.shifted(by); // of a part that is resident
        slot& s = slot_for(i);
        if (s.block != i) {
            s.block = -1;
            ahead_->take(i, [&](std::span<const T> values) {
                ctx_.upload(s.memory.data(), values.data(), values.size() * sizeof(T));
            });
            s.block = i;
        }
        ++s.leases;
        block = {s.memory.data(), exact_.data(), true, nullptr};
        block.at = static_cast<std::ptrdiff_t>(by.all) - static_cast<std::ptrdiff_t>(begin.all);
        block.exact_at = static_cast<std::ptrdiff_t>(by.exact);
        block.origin = static_cast<std::ptrdiff_t>(begin.all);
        return block;
    }
    void release(shift begin) override {
        const int i = block_at(begin.all);
        for (slot& s : slots_)
            if (i >= 0 && s.block == i) --s.leases;
    }

    void get(const parameter_row& row, std::span<A> values) const {
        std::vector<A> staging;
        read_parameter(file_, row, values, staging);
    }
    const std::string& path() const { return file_.path(); }

  private:
    struct slot {
        buffer<T> memory;
        int block = -1, leases = 0;
    };

    std::size_t blocks() const { return begins_.empty() ? 0 : begins_.size() - 1; }
    std::size_t block_extent() const { return begins_.empty() ? 0 : begins_.back().all - begins_.front().all; }
    /// The block that has this place of the layout, or -1.
    int block_at(std::size_t offset) const {
        if (begins_.empty() || offset < begins_.front().all || offset >= begins_.back().all) return -1;
        const auto next = std::upper_bound(begins_.begin(), begins_.end(), offset,
                                           [](std::size_t at, const shift& begin) { return at < begin.all; });
        return static_cast<int>(next - begins_.begin()) - 1;
    }

    void read_block(int i, std::vector<T>& values) const {
        const auto at = static_cast<std::size_t>(i);
        std::vector<T> staging;
        values.resize(begins_[at + 1].all - begins_[at].all);
        for (const parameter_row* row : rows_[at])
            read_parameter(file_, *row, std::span(values).subspan(row->offset - begins_[at].all, row->size), staging);
    }

    slot& slot_for(int block) {
        for (slot& s : slots_)
            if (s.block == block) return s;
        for (slot& s : slots_)
            if (s.leases == 0) return s;
        std::size_t largest = 0;
        for (std::size_t i = 0; i < blocks(); ++i) largest = std::max(largest, begins_[i + 1].all - begins_[i].all);
        slots_.push_back({buffer<T>(ctx_, largest)});
        return slots_.back();
    }

    Context& ctx_;
    safetensors_file file_;
    std::vector<shift> begins_;
    std::vector<std::vector<const parameter_row*>> rows_; ///< of each block, what is not read exactly
    buffer<T> outside_;                                   ///< the layout without the blocks
    buffer<A> exact_;
    std::vector<slot> slots_;
    std::unique_ptr<read_ahead<T>> ahead_;
};
} // namespace detail

/// The storage of a model whose blocks stay in a file. One pass at a time; it cannot be changed.
struct mapped {
    static constexpr bool writable = false;
    template <class Context, class T> class memory_of {
      public:
        using A = accumulate_t<T>;
        memory_of(Context&, std::size_t, std::size_t) {}
        walt::weights<T> weights() const { return blocks->weights(); }
        void get(Context&, const parameter_row& row, std::span<A> values) const { blocks->get(row, values); }
        void set(Context&, const parameter_row& row, std::span<const A>) const {
            fail("{} cannot be set: a mapped model has the values of its file{}", row.name,
                 blocks ? ", " + blocks->path() : std::string());
        }

        std::shared_ptr<detail::mapped_blocks<Context, T>> blocks;
    };
};

/// denoiser model(device, config{}, compute<bf16>, mapped_weights("weights.safetensors")): for models larger than the
/// memory. The file must stay as it is.
class mapped_weights {
  public:
    using storage = mapped;
    explicit mapped_weights(std::filesystem::path path) : path_(std::move(path)) {}

    template <class Model, class Memory> void fill(Model& model, Memory& storage_memory) const {
        safetensors_file file(path_);
        detail::check_weights<Model>(file);
        std::vector<shift> begins;
        detail::largest_repeated(static_cast<const typename Model::module_type&>(Model::network()), begins);
        storage_memory.blocks =
            std::make_shared<detail::mapped_blocks<typename Model::context_type, typename Model::compute_type>>(
                model.context(), std::move(file), Model::table(), std::move(begins), Model::extent,
                placed<typename Model::module_type>.exact_extent);
    }

  private:
    std::filesystem::path path_;
};

} // namespace walt
