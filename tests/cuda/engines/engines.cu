// Which engine of the installed cuDNN each convolution of the presets would get, on GPUs that need not be there: cuDNN
// chooses by a description of a GPU, and walt's own graphs are what it is asked for. So a convolution that loses its
// engine, or that has to go over copies, shows without a GPU. Nothing is computed.
//   cuda_engines PAGE DEVICE.json...          is PAGE what cuDNN says, and are the copies those that are known?
//   cuda_engines --write PAGE DEVICE.json...  writes it
// Exit status 77 where the library is another one than the page's.
#include "asked.hpp"

#include <walt/ops/cuda/conv3d.cuh>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include <dlfcn.h>

namespace tests {
using namespace walt;
using walt::cuda::conv_finish;
using walt::cuda::conv_pass;
using walt::cuda::convolution;
using walt::cuda::convolution_graph;
using walt::cuda::cudnn_descriptor;
using walt::cuda::engine_search;

namespace {

constexpr int page_version = 919; // of the library: 9.19.x
constexpr int other_library = 77;

struct another_library : error {
    using error::error;
};

std::string text_of(const std::string& path) {
    std::ifstream file(path);
    require(file.good(), "'{}' cannot be read", path);
    return {std::istreambuf_iterator<char>(file), {}};
}

cudnn_descriptor device_of(const std::string& path) {
    const std::string text = text_of(path);
    try {
        cudnn_descriptor device(CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR);
        device.set(CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION, CUDNN_TYPE_CHAR,
                   std::vector<char>(text.begin(), text.end()));
        device.finalize([] { return "a description of a GPU"; });
        return device;
    } catch (const error& why) { // what stands in for the library may know none at all
        throw another_library(fmt::format("this cuDNN does not understand '{}': {}", path, why.what()));
    }
}

/// Its global index, and bytes; graphs are compiled by their plans, which needs a driver, so their bytes are not known.
struct engine {
    std::int64_t number = -1, workspace = 0, preferred = -1, wanted = 0; // of the one that would have been first

    bool found() const { return number >= 0; }
    std::string text(bool graph) const {
        if (!found()) return "none";
        std::string all = fmt::format("{}{}", graph ? "graph " : "", number);
        const auto mebibytes = [](std::int64_t bytes) { return (bytes + (1 << 20) - 1) >> 20; };
        if (workspace > 0) all += fmt::format(", {} MiB", mebibytes(workspace));
        if (wanted > 0) all += fmt::format(" ({} wants {} MiB)", preferred, mebibytes(wanted));
        return all;
    }
};

/// The engine that walt's search takes, as walt::cuda::cudnn does.
engine engine_for(const engine_search& engines, const convolution& c, const convolution_graph::three_types& types,
                  bool fused, const conv_finish& finish) {
    engine taken;
    const auto graph = engines.graph_of(c, types, {16, 16, 16, finish.bias ? 16 : 0}, fused, finish);
    if (!graph) return taken;
    engines.each(*graph, c, types, [&](const cudnn_descriptor& config) {
        const cudnn_descriptor of = engine_search::engine_of(config);
        std::int64_t count = 0, number = 0, workspace = 0;
        walt::cuda::check(
            cudnnBackendGetAttribute(of.get(), CUDNN_ATTR_ENGINE_GLOBAL_INDEX, CUDNN_TYPE_INT64, 1, &count, &number),
            "cudnnBackendGetAttribute of an engine's number");
        if (!fused) {
            cudnn_descriptor plan = engines.plan_of(config);
            if (!plan.supported()) return false;
            workspace = engine_search::workspace_of(plan, c);
            if (static_cast<std::size_t>(workspace) + 512 > convolution_workspace) {
                if (taken.wanted == 0) taken.preferred = number, taken.wanted = workspace;
                return false;
            }
        }
        taken.number = number, taken.workspace = workspace;
        return true;
    });
    return taken;
}

conv_pass pass_of(const asked_convolution& of) {
    switch (of.pass) {
    case asked_convolution::grad_input: return conv_pass::grad_input;
    case asked_convolution::grad_weight: return conv_pass::grad_weight;
    default: return conv_pass::forward;
    }
}

/// What conv3d_on and its gradients do with it (conv3d.cuh): an engine for the operands as they are, or one for copies
/// in float.
std::string way_of(const engine_search& engines, const asked_convolution& of, bool& copies) {
    static const float some_bias = 0;
    const convolution c{pass_of(of), of.x, of.y, of.in, of.out, of.geometry, false};
    const conv_finish finish{of.bias ? &some_bias : nullptr, of.add || of.pass == asked_convolution::grad_weight};
    const cudnnDataType_t operands = of.in_bf16 ? CUDNN_DATA_BFLOAT16 : CUDNN_DATA_FLOAT;
    convolution_graph::three_types types{operands, operands, operands};
    types[convolution_graph::result_of(c.pass)] = of.to_bf16 ? CUDNN_DATA_BFLOAT16 : CUDNN_DATA_FLOAT;
    const bool fused = finish.does_something() || of.in_bf16 != of.to_bf16;
    const bool as_they_are = !of.in_bf16 || walt::cuda::detail::may_use_tensor_cores(c.pass, c.in, c.out);
    if (as_they_are)
        if (const engine found = engine_for(engines, c, types, fused, finish); found.found()) return found.text(fused);
    if (as_they_are && fused) { // a finish of walt's own behind a convolution without one
        convolution_graph::three_types plain = types;
        if (c.pass != conv_pass::grad_input) plain[convolution_graph::result_of(c.pass)] = CUDNN_DATA_FLOAT;
        const bool converts = of.in_bf16 && plain[convolution_graph::result_of(c.pass)] == CUDNN_DATA_FLOAT;
        if (const engine found = engine_for(engines, c, plain, converts, {}); found.found())
            return found.text(converts) + ", then walt";
    }
    copies = of.in_bf16;
    const convolution rest = of.in_bf16 ? walt::cuda::detail::over_copies<bf16>(c, false).rest
                                        : walt::cuda::detail::over_copies<float>(c, false).rest;
    const engine found = engine_for(engines, rest, {CUDNN_DATA_FLOAT, CUDNN_DATA_FLOAT, CUDNN_DATA_FLOAT}, false, {});
    require(found.found(), "cuDNN has no engine for {}, not even over copies", rest.words());
    return "copies: " + found.text(false);
}

/// Whether it is known to go over copies (docs/cuda.md).
bool known_to_copy(const asked_convolution& of) {
    if (!of.in_bf16 || of.pass == asked_convolution::forward) return false;
    const conv_axis &time = of.geometry.time, &height = of.geometry.height, &width = of.geometry.width;
    const bool strided = time.stride > 1 || height.stride > 1 || width.stride > 1;
    return of.in % 8 != 0 || of.out % 8 != 0 || (of.pass == asked_convolution::grad_input && !of.to_bf16 && strided);
}

std::string name_of(const asked_convolution& of) {
    const conv_axis &time = of.geometry.time, &height = of.geometry.height, &width = of.geometry.width;
    std::string name = fmt::format("{} -> {}, {} x {} x {}", of.in, of.out, time.kernel, height.kernel, width.kernel);
    if (time.stride * height.stride * width.stride > 1)
        name += fmt::format(" / {} x {} x {}", time.stride, height.stride, width.stride);
    return name + fmt::format(", of {} x {} x {}", of.x.frames, of.x.height, of.x.width);
}
std::string column_of(const asked_convolution& of) {
    constexpr const char* results[]{"y", "dx", "dw +="};
    std::string name = results[of.pass];
    if (of.add) name += " +=";
    if (of.bias) name += " + bias";
    if (of.in_bf16 && of.pass != asked_convolution::grad_weight) name += of.to_bf16 ? ", bf16" : ", float32";
    return name;
}

/// One table: a line for each convolution, a column for each of the results that are asked for.
std::string table_of(const engine_search& engines, const asked_by& step, int& faults) {
    std::vector<std::string> lines, columns;
    std::map<std::string, std::map<std::string, std::string>> cells;
    const auto know = [](std::vector<std::string>& all, const std::string& name) {
        if (std::find(all.begin(), all.end(), name) == all.end()) all.push_back(name);
    };
    for (const asked_convolution& of : step.all) {
        bool copies = false;
        const std::string way = way_of(engines, of, copies), line = name_of(of), column = column_of(of);
        if (copies != known_to_copy(of)) {
            std::fprintf(stderr, "%s, %s, %s: %s, which is %s\n", step.whom.c_str(), line.c_str(), column.c_str(),
                         way.c_str(), copies ? "new" : "better than what is known");
            ++faults;
        }
        know(lines, line), know(columns, column);
        cells[line][column] = way;
    }
    std::sort(columns.begin(), columns.end(), std::greater<>());
    std::string text = "| " + step.whom + " |", rule = "|---|";
    for (const std::string& column : columns) text += " " + column + " |", rule += "---|";
    text += "\n" + rule + "\n";
    for (const std::string& line : lines) {
        text += "| " + line + " |";
        for (const std::string& column : columns) {
            const auto at = cells[line].find(column);
            text += (at == cells[line].end() ? "" : " " + at->second) + " |";
        }
        text += "\n";
    }
    return text;
}

/// cuDNN compiles graphs for a driver that it looks for even where nothing is to run: without a driver the toolkit's
/// stub will do.
void find_a_driver() {
    if (dlopen("libcuda.so.1", RTLD_NOW | RTLD_GLOBAL) || dlopen(WALT_CUDA_STUB, RTLD_NOW | RTLD_GLOBAL)) return;
    throw another_library("there is neither a driver nor the toolkit's stub of one");
}

int run(const std::vector<std::string>& arguments) {
    const bool write = !arguments.empty() && arguments[0] == "--write";
    const auto path = arguments.begin() + (write ? 1 : 0);
    require(arguments.end() - path >= 2, "usage: cuda_engines [--write] PAGE DEVICE.json...");
    const auto version = static_cast<int>(cudnnGetVersion());
    if (version / 100 != page_version)
        throw another_library(fmt::format("the table of engines is cuDNN {}.{}'s, and this is {}.{}.{}",
                                          page_version / 100, page_version % 100, version / 10000, version / 100 % 100,
                                          version % 100));
    find_a_driver();
    std::string page = text_of("tests/cuda/engines/head.md");
    int faults = 0;
    const std::vector<asked_by> steps = asked_by_presets();
    for (auto device = path + 1; device != arguments.end(); ++device) {
        const cudnn_descriptor described = device_of(*device);
        const std::size_t name = device->find_last_of('/') + 1;
        page += fmt::format("\n## {}\n", device->substr(name, device->rfind(".json") - name));
        for (const asked_by& step : steps) page += "\n" + table_of(engine_search(described), step, faults);
    }
    if (write) {
        std::ofstream file(*path);
        file << page;
        require(file.flush().good(), "'{}' cannot be written", *path);
    } else if (text_of(*path) != page) {
        std::fprintf(stderr, "'%s' is not what cuDNN says: cuda_engines --write it, and look at what has changed\n",
                     path->c_str());
        ++faults;
    }
    return faults ? 1 : 0;
}

} // namespace
} // namespace tests

int main(int count, char** arguments) {
    try {
        return tests::run({arguments + 1, arguments + count});
    } catch (const tests::another_library& why) {
        std::printf("skipped: %s\n", why.what());
        return tests::other_library;
    } catch (const walt::error& why) {
        std::fprintf(stderr, "%s\n", why.what());
        return 1;
    }
}
