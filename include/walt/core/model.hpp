// A network's parameters on a device: a layout, which is the module's, and a storage.
#pragma once

#include "context.hpp"
#include "start.hpp"
#include "weights.hpp"

#include <span>
#include <vector>

namespace walt {

/// Says which element type products and activations have: walt::compute<walt::bf16>.
template <class T> struct compute_t { using type = T; };
template <class T> inline constexpr compute_t<T> compute{};

/// Asks for masters of one's own, all zero, and no copy of them yet: for what gathers values that no pass reads.
struct masters_alone {};

/// Masters of all parameters, and their copy in the compute type: what training needs.
struct resident {
    static constexpr bool writable = true; ///< parameters may be set
    template <class Context, class T> class memory_of {
      public:
        using A = accumulate_t<T>;
        memory_of(Context& ctx, std::size_t extent, std::size_t) : master(ctx, extent) { add_copy(ctx); }
        memory_of(Context& ctx, std::size_t extent, masters_alone) : master(ctx, extent) {}
        void add_copy(Context& ctx) {
            if constexpr (!std::is_same_v<T, A>)
                if (copy.size() == 0) copy = buffer<T>(ctx, master.size());
        }
        walt::weights<T> weights() const {
            if constexpr (std::is_same_v<T, A>) return {master.data(), master.data()};
            else {
                require(copy.size() == master.size(), "this model has masters alone: add_copies() makes room for what "
                                                      "passes read, ops::convert fills it");
                return {copy.data(), master.data()};
            }
        }
        void set(Context& ctx, const parameter_row& row, std::span<const A> values) {
            ctx.upload(master.data() + row.offset, values.data(), row.size * sizeof(A));
            if (copy.size() > 0) {
                const std::vector<T> rounded = in_type<T>(values);
                ctx.upload(copy.data() + row.offset, rounded.data(), row.size * sizeof(T));
            }
        }
        void start(Context& ctx, const parameter_row& row, const start_rule& rule) requires starting_context<Context> {
            ctx.start(rule, part(master, row.offset, row.size));
            if (copy.size() > 0) ctx.start(rule, part(copy, row.offset, row.size));
        }
        void get(Context& ctx, const parameter_row& row, std::span<A> values) const {
            ctx.download(values.data(), master.data() + row.offset, row.size * sizeof(A));
        }

        buffer<A> master;
        buffer<T> copy; ///< empty where the masters are what products use, or nobody has asked for it
    };

    template <class E> static view<E, dynamic> part(const buffer<E>& of, std::size_t offset, std::size_t size) {
        return view<E, dynamic>(of.data() + offset, static_cast<std::int64_t>(size));
    }

    template <class T, class A> static std::vector<T> in_type(std::span<const A> values) {
        std::vector<T> converted(values.size());
        for (std::size_t i = 0; i < values.size(); ++i) converted[i] = static_cast<T>(values[i]);
        return converted;
    }
};

/// What a pass reads and no more: matrices and kernels in the compute type, everything else in the masters'.
struct inference {
    static constexpr bool writable = true;
    template <class Context, class T> class memory_of {
      public:
        using A = accumulate_t<T>;
        memory_of(Context& ctx, std::size_t extent, std::size_t exact_extent) : copy(ctx, extent) {
            if constexpr (!std::is_same_v<T, A>) exact = buffer<A>(ctx, exact_extent);
        }
        walt::weights<T> weights() const {
            if constexpr (std::is_same_v<T, A>) return {copy.data(), copy.data()};
            else return {copy.data(), exact.data(), true};
        }
        void set(Context& ctx, const parameter_row& row, std::span<const A> values) {
            const std::vector<T> rounded = resident::in_type<T>(values);
            ctx.upload(copy.data() + row.offset, rounded.data(), row.size * sizeof(T));
            if constexpr (!std::is_same_v<T, A>)
                if (row.exact) ctx.upload(exact.data() + row.exact_offset, values.data(), row.size * sizeof(A));
        }
        void start(Context& ctx, const parameter_row& row, const start_rule& rule) requires starting_context<Context> {
            ctx.start(rule, resident::part(copy, row.offset, row.size));
            if constexpr (!std::is_same_v<T, A>)
                if (row.exact) ctx.start(rule, resident::part(exact, row.exact_offset, row.size));
        }
        void get(Context& ctx, const parameter_row& row, std::span<A> values) const {
            if constexpr (!std::is_same_v<T, A>)
                if (row.exact)
                    return ctx.download(values.data(), exact.data() + row.exact_offset, row.size * sizeof(A));
            std::vector<T> rounded(row.size);
            ctx.download(rounded.data(), copy.data() + row.offset, row.size * sizeof(T));
            for (std::size_t i = 0; i < row.size; ++i) values[i] = static_cast<A>(rounded[i]);
        }

        buffer<T> copy;
        buffer<A> exact; ///< empty where the copy is as exact
    };
};

/// What a model's values come from, and which storage that asks for: weights_file, mapped_weights (io/weights.hpp).
template <class Source>
concept weights_source = requires {
    typename Source::storage;
};

/// Asks for an object with the same memory: see share().
struct same_memory {};

/// The parameters of a Module (a struct with `each`) on a context, computing in T. It cannot be copied by accident:
/// share() gives another object with the same memory, clone() one with memory of its own. A class that derives from it
/// says `using base::base;`, so that these can make one.
template <context Context, is_module Module, class T, class Storage = resident> class model {
  public:
    using context_type = Context;
    using module_type = Module;
    using compute_type = T;
    using storage_type = Storage;
    using master_type = accumulate_t<T>;
    static constexpr std::size_t extent = placed<Module>.extent; ///< elements of a flat buffer

    /// Starting values as the modules declare them.
    explicit model(Context& ctx, seed from = {}) requires Storage::writable
        : ctx_(&ctx),
          memory_(ctx, extent, placed<Module>.exact_extent) {
        if constexpr (Context::has_data) {
            std::vector<master_type> start;
            for (const parameter_row& row : table()) {
                const start_rule rule(row, from);
                if constexpr (starting_context<Context>) memory_.start(ctx, row, rule);
                else {
                    start.resize(row.size);
                    detail::start_on_host(rule, row.size, start.data());
                    set(row, start);
                }
            }
        }
    }
    /// The values of a file.
    template <weights_source Source> model(Context& ctx, const Source& from) : model(ctx, unfilled{}) {
        from.fill(*this, memory_);
    }
    model(same_memory, const model& other) : ctx_(other.ctx_), memory_(other.memory_) {}
    model(masters_alone as_asked, const model& other) requires std::same_as<Storage, resident>
        : ctx_(other.ctx_), memory_(*ctx_, extent, as_asked) {}
    model(const model&) = delete;
    model& operator=(const model&) = delete;
    model(model&&) = default;
    model& operator=(model&&) = default;

    Context& context() const { return *ctx_; }
    static constexpr const Module& network() { return placed<Module>; }
    static const std::vector<parameter_row>& table() { return parameter_table<Module>(); }
    walt::weights<T> weights() const { return memory_.weights(); }

    /// One parameter's numbers in memory order, from and to host memory.
    void set(const parameter_row& row, std::span<const master_type> values) {
        require(values.size() == row.size, "{} has {} elements; {} came", row.name, row.size, values.size());
        memory_.set(*ctx_, row, values);
    }
    void get(const parameter_row& row, std::span<master_type> values) const {
        require(values.size() == row.size, "{} has {} elements; there is room for {}", row.name, row.size,
                values.size());
        memory_.get(*ctx_, row, values);
    }

    /// The masters, one flat device buffer in the layout of table().
    view<master_type, dynamic> masters() const requires std::same_as<Storage, resident> { return memory_.master.all(); }
    /// Makes room for the copy if there is none yet: ops::convert fills it.
    void add_copies() requires std::same_as<Storage, resident> { memory_.add_copy(*ctx_); }
    /// Their copy in the compute type (the masters themselves where the types are equal).
    view<T, dynamic> copies() const requires std::same_as<Storage, resident> {
        if constexpr (std::is_same_v<T, master_type>) return memory_.master.all();
        else return memory_.copy.all();
    }

    /// All masters at once, from and to host memory in the layout of table(): for small models, such as a test's.
    void assign(const std::vector<master_type>& values) {
        require(values.size() == extent, "a model of {} elements cannot take {}", extent, values.size());
        for (const parameter_row& row : table()) set(row, {values.data() + row.offset, row.size});
    }
    std::vector<master_type> host_masters() const {
        std::vector<master_type> values(extent);
        for (const parameter_row& row : table()) get(row, {values.data() + row.offset, row.size});
        return values;
    }

    /// Gives this object memory of its own, with the same values.
    void detach() {
        typename Storage::template memory_of<Context, T> own(*ctx_, extent, placed<Module>.exact_extent);
        std::vector<master_type> values;
        for (const parameter_row& row : table()) {
            values.resize(row.size);
            get(row, values);
            own.set(*ctx_, row, values);
        }
        memory_ = std::move(own);
    }

  protected:
    struct unfilled {};
    model(Context& ctx, unfilled) : ctx_(&ctx), memory_(ctx, extent, placed<Module>.exact_extent) {}

    Context* ctx_;
    typename Storage::template memory_of<Context, T> memory_;
};

/// Another object with the same memory: what is written through one is read through the other.
template <class Model> Model share(const Model& of) { return Model(same_memory{}, of); }
/// An object with memory of its own and the same values.
template <class Model> Model clone(const Model& of) {
    Model copy = share(of);
    copy.detach();
    return copy;
}

} // namespace walt
