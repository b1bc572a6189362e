// Macros that other libraries define, behind those that walt uses itself: walt's headers compile after them.
#include <cblas.h>
#include <dnnl.h>
#include <fmt/core.h>
#include <immintrin.h>
#include <jansson.h>
#include <lapacke.h>
#include <omp.h>
#include <png.h>
#include <sentencepiece_processor.h>
#include <zlib.h>

#include <cstdio> // which jpeglib.h needs
extern "C" {
#include <jpeglib.h>

#include <jerror.h>
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/display.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>
}

// <complex.h>, which has I
#undef I
#define I (__extension__ 1.0iF)
// <windows.h>
#define near
#define far
#define small char
#define interface struct
#define IN
#define OUT
#define OPTIONAL
#define CONST const
#define VOID void
#define ERROR 0
#define DELETE 0x10000L
#define OPAQUE 2
#define TRANSPARENT 1
#define ABSOLUTE 1
#define RELATIVE 2
#define CreateWindow CreateWindowA
#define GetObject GetObjectA
// X11
#define Bool int
#define None 0L
#define Status int
#define Success 0
#define True 1
#define False 0
#define Always 2
#define Unsorted 0
#define CursorShape 0
#define KeyPress 2
#define FocusIn 9
#define Complex 0
#define Convex 2
// Qt
#define signals public
#define slots
#define emit
#define foreach for
#define forever for (;;)
// glib, glog, gettext, a program's own
#undef MIN
#undef MAX
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))
#define CHECK(x) x
#define LOG(x) x
#define _(text) text
#define N_(text) text
#define DEBUG 1
#define PI 3.14159265358979323846
#define EPS 1e-6
