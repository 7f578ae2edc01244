/* domains.c as a program in C++. */
#include "domains.c"
