# What each component of walt needs. Used where walt is built and, installed beside walt-config.cmake, where it is found.

# walt::<name> of WALT_<NAME>_INCLUDE and WALT_<NAME>_LIBRARY, where both were found.
function(walt_imported name NAME)
    mark_as_advanced(WALT_${NAME}_INCLUDE WALT_${NAME}_LIBRARY)
    if(WALT_${NAME}_INCLUDE AND WALT_${NAME}_LIBRARY AND NOT TARGET walt::${name})
        add_library(walt::${name} UNKNOWN IMPORTED)
        set_target_properties(walt::${name} PROPERTIES
            IMPORTED_LOCATION ${WALT_${NAME}_LIBRARY} INTERFACE_INCLUDE_DIRECTORIES ${WALT_${NAME}_INCLUDE})
    endif()
endfunction()

# Looks for a component's libraries without a word. Sets walt_links to the targets to link and walt_missing to the Debian
# packages that would bring what was not found (empty: all is there).
function(walt_find_component component)
    if(component STREQUAL "cpu")
        # Not by oneDNN's own package: Debian's insists on OpenCL's development files, for a device that is not used here.
        find_path(WALT_DNNL_INCLUDE dnnl.hpp)
        find_library(WALT_DNNL_LIBRARY dnnl)
        walt_imported(dnnl DNNL)
        find_package(OpenMP QUIET COMPONENTS CXX)
        set(needs walt::dnnl libdnnl-dev OpenMP::OpenMP_CXX libomp-dev)
    elseif(component STREQUAL "io")
        find_package(nlohmann_json CONFIG QUIET)
        find_package(PNG QUIET)
        find_package(JPEG QUIET)
        find_package(ZLIB QUIET)
        find_package(Threads QUIET)
        set(needs nlohmann_json::nlohmann_json nlohmann-json3-dev PNG::PNG libpng-dev JPEG::JPEG libjpeg-dev
                  ZLIB::ZLIB zlib1g-dev Threads::Threads libc6-dev)
    elseif(component STREQUAL "video")
        find_package(PkgConfig QUIET)
        if(PKG_CONFIG_FOUND)
            pkg_check_modules(walt_ffmpeg QUIET IMPORTED_TARGET libavformat libavcodec libswscale libavutil)
        endif()
        set(needs PkgConfig::walt_ffmpeg "pkg-config libavformat-dev libavcodec-dev libswscale-dev libavutil-dev")
    elseif(component STREQUAL "cuda")
        # The runtime comes with the language: CMAKE_CUDA_RUNTIME_LIBRARY says which.
        find_package(CUDAToolkit 13 QUIET)
        find_path(WALT_CUDNN_INCLUDE cudnn_graph.h HINTS ${CUDAToolkit_INCLUDE_DIRS})
        find_library(WALT_CUDNN_LIBRARY cudnn HINTS ${CUDAToolkit_LIBRARY_DIR})
        walt_imported(cudnn CUDNN)
        set(needs CUDA::cublasLt cuda-toolkit-13 walt::cudnn cudnn9-cuda-13)
    endif()

    set(links "")
    set(missing "")
    while(needs)
        list(POP_FRONT needs target package)
        list(APPEND links ${target})
        if(NOT TARGET ${target})
            list(APPEND missing ${package})
        endif()
    endwhile()
    list(JOIN missing " " missing)
    set(walt_links "${links}" PARENT_SCOPE)
    set(walt_missing "${missing}" PARENT_SCOPE)
endfunction()
