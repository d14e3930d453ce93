package workloads

import (
	"slices"
	"strings"
)

// areasByState lists the telephone area codes of the United States that Voter's calls come
// from: the 305 that VoltDB's example and BenchBase use.
const areasByState = `
AK 907
AL 205 251 256 334
AR 479 501 870
AZ 480 520 602 623 928
CA 209 213 310 323 341 369 408 415 424 442 510 530 559 562 619 626 627 628 650 661 669 707
CA 714 747 760 764 805 818 831 858 909 916 925 935 949 951
CO 303 719 720 970
CT 203 475 860 959
DC 202
DE 302
FL 239 305 321 352 386 407 561 689 727 754 772 786 813 850 863 904 927 941 954
GA 229 404 470 478 678 706 762 770 912
HI 808
IA 319 515 563 641 712
ID 208
IL 217 224 309 312 331 464 618 630 708 773 779 815 847 872
IN 219 260 317 574 765 812
KS 316 620 785 913
KY 270 502 606 859
LA 225 318 337 504 985
MA 339 351 413 508 617 774 781 857 978
MD 240 301 410 443
ME 207
MI 231 248 269 278 313 517 586 616 679 734 810 906 947 989
MN 218 320 507 612 651 763 952
MO 314 417 557 573 636 660 816 975
MS 228 601 662 769
MT 406
NC 252 336 704 828 910 919 980 984
ND 701
NE 308 402
NH 603
NJ 201 551 609 732 848 856 862 908 973
NM 505 575 957
NV 702 775
NY 212 315 347 516 518 585 607 631 646 716 718 845 914 917
OH 216 234 283 330 380 419 440 513 567 614 740 937
OK 405 580 918
OR 503 541 971
PA 215 267 412 484 570 610 717 724 814 835 878
RI 401
SC 803 843 864
SD 605
TN 423 615 731 865 901 931
TX 210 214 254 281 325 361 409 430 432 469 512 682 713 737 806 817 830 832 903 915 936 940
TX 956 972 979
UT 385 435 801
VA 236 276 434 540 571 703 757 804
VT 802
WA 206 253 360 425 509 564
WI 262 414 608 715 920
WV 304
WY 307`

// Area is one telephone area: its code of three digits and its state's of two letters.
type Area struct {
	Code  int
	State string
}

// areas in the order of the table, and the state of every code.
var (
	areas      []Area
	areaStates [1000]string
)

func init() {
	for line := range strings.Lines(strings.TrimSpace(areasByState)) {
		fields := strings.Fields(line)
		for _, digits := range fields[1:] {
			code := int(digits[0]-'0')*100 + int(digits[1]-'0')*10 + int(digits[2]-'0')
			areas = append(areas, Area{code, fields[0]})
			areaStates[code] = fields[0]
		}
	}
}

// Areas lists the areas that calls come from.
func Areas() []Area { return slices.Clone(areas) }

// UnknownState stands for the state of a phone whose area code is not in the data set.
const UnknownState = "XX"

// StateOf is the state a phone number of ten digits belongs to.
func StateOf(phone int64) string {
	if state := areaStates[phone/phonesPerArea%1000]; state != "" {
		return state
	}
	return UnknownState
}
