package pbx

import "testing"

func TestSlotIsExclusiveUntilReleased(t *testing.T) {
	dir := t.TempDir()
	first, err := takeSlot(dir)
	if err != nil {
		t.Fatal(err)
	}
	again, err := lockSlot(dir, first.number)
	if err != nil || again != nil {
		t.Fatalf("a slot that is held was given out: %v, %v", again, err)
	}
	first.release()
	again, err = lockSlot(dir, first.number)
	if err != nil || again == nil {
		t.Fatalf("a released slot was not given out: %v, %v", again, err)
	}
	again.release()
}

func TestOnlyAbandonedFoldersOfOursAreSwept(t *testing.T) {
	dir := t.TempDir()
	held, err := lockSlot(dir, 7)
	if err != nil || held == nil {
		t.Fatalf("%v, %v", held, err)
	}
	defer held.release()
	list, err := abandonedSlots(dir, []string{"ringcard-7", "ringcard-8", "ringcard-08", "ringcard-x", "other", "9"})
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 1 || list[0].number != 8 {
		t.Errorf("%+v", list)
	}
	for _, s := range list {
		s.release()
	}
}
